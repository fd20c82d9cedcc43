/* What a bench found, as JSON. */
#include "tune/bench.h"

#include "base/json_file.h"
#include "device/text.h"

/* Drivers write in any encoding. */
static json_t *device_json(te_device_info device)
{
    te_text_plain(device.name);
    te_text_plain(device.platform);
    te_text_plain(device.driver);
    te_text_plain(device.language);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "name", device.name, "platform", device.platform, "driver",
                     device.driver, "language", device.language, "type", device.type, "compute_units",
                     (int)device.compute_units);
}

static json_t *ceilings_json(const te_bench_ceilings *c)
{
    return json_pack("{s:f, s:f, s:I, s:f, s:I}", "operations_per_second", c->operations, "memory_bytes_per_second", c->memory,
                     "memory_bytes", (json_int_t)c->memory_bytes, "cache_bytes_per_second", c->cache, "cache_bytes",
                     (json_int_t)c->cache_bytes);
}

static json_t *op_json(const te_bench_op *op)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:f}", "pass", op->training ? "training" : "forward", "op",
                     op->op, "variant", op->variant, "shape", op->shape, "runs", (json_int_t)op->runs, "seconds", op->seconds,
                     "operations", op->operations, "bytes", op->bytes, "share_of_ceiling", op->share, "share_of_pass",
                     op->of_pass);
}

static json_t *ops_json(const te_bench *bench)
{
    json_t *list = json_array();
    for (size_t i = 0; i < bench->count; i++) {
        json_array_append_new(list, op_json(&bench->ops[i]));
    }
    return list;
}

/* NULL, which json_pack() leaves out for "o*", where it was not measured. */
static json_t *pass_json(const te_bench_pass *pass)
{
    return pass->runs == 0
               ? NULL
               : json_pack("{s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I}", "runs", pass->runs, "pictures",
                           pass->pictures, "seconds_low_quartile", pass->low, "seconds_median", pass->median,
                           "seconds_high_quartile", pass->high, "seconds_first", pass->first, "operations", pass->operations,
                           "parameter_bytes", (json_int_t)pass->memory.parameters, "result_bytes",
                           (json_int_t)pass->memory.activations, "least_result_bytes", (json_int_t)pass->memory.live,
                           "resident_bytes", (json_int_t)pass->resident);
}

static json_t *setting_json(const te_settings *settings, const char *key)
{
    char value[TE_TEXT_SETTING];
    return te_settings_get(settings, key, value, sizeof value) == TE_OK ? json_string(value) : NULL;
}

te_status te_bench_write_json(te_bench *bench, const te_settings *settings)
{
    json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:o*, s:o*}", "library", te_version(), "device",
                             device_json(bench->device), "backbone", setting_json(settings, "model.backbone"), "precision",
                             setting_json(settings, "infer.precision"), "height", settings->input.height, "width",
                             settings->input.width, "ceilings", ceilings_json(&bench->ceilings), "ops", ops_json(bench),
                             "forward", pass_json(&bench->pass[TE_PASS_FORWARD]), "training",
                             pass_json(&bench->pass[TE_PASS_TRAINING]));
    bench->json = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    return bench->json ? TE_OK : te_fail(TE_ERR_MEMORY, "out of memory for the figures of '%s'", bench->device.name);
}
