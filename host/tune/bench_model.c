/* The model as a whole: its forward pass, and a step of training. */
#include "tune/bench.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "tune/probe.h"

#include <stdlib.h>
#include <sys/resource.h>

/* Most bytes that the process has had in memory. */
static uint64_t resident_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

/* Something that is run again and again. */
typedef struct repeated {
    te_status (*run)(void *context);
    void *context;
    double start; /* of what comes before the first run */
    int runs;
} repeated;

static te_status time_runs(te_bench_pass *pass, const repeated *what)
{
    double *samples = te_alloc((size_t)what->runs, sizeof *samples, "measurements");
    te_status status = samples ? what->run(what->context) : TE_ERR_MEMORY;
    pass->first = te_clock_now() - what->start;
    for (int run = 0; status == TE_OK && run < what->runs; run++) {
        double start = te_clock_now();
        status = te_interrupt_check();
        status = status == TE_OK ? what->run(what->context) : status;
        samples[run] = te_clock_now() - start;
    }
    if (status == TE_OK) {
        pass->runs = what->runs;
        pass->low = te_quartile(samples, what->runs, 1);
        pass->median = te_quartile(samples, what->runs, 2);
        pass->high = te_quartile(samples, what->runs, 3);
        pass->resident = resident_bytes();
    }
    free(samples);
    return status;
}

static void describe(te_bench_pass *pass, const te_graph *graph, const te_plan *plan, int pictures)
{
    te_plan_memory memory = te_plan_get_memory(plan);
    pass->memory = (te_memory_info){.parameters = memory.parameters, .activations = memory.activations, .live = memory.live};
    pass->operations = 2.0 * (double)te_graph_macs(graph, NULL);
    pass->pictures = pictures;
}

/* ---- forward ---- */

typedef struct forward {
    te_device *device;
    te_plan *plan;
    int image;    /* value of the graph */
    float *input; /* (1,3,H,W) */
} forward;

static te_status run_forward(void *context)
{
    forward *at = context;
    TE_TRY(te_plan_write(at->plan, at->image, at->input));
    TE_TRY(te_plan_run(at->plan));
    return te_device_finish(at->device);
}

te_status te_bench_forward(te_bench_pass *pass, const te_passes *passes, te_device *device, int runs)
{
    const te_graph *graph = &passes->graphs[TE_PASS_FORWARD];
    int64_t count = te_shape_count(&passes->image.shape);
    forward at = {.device = device, .image = passes->image.value};
    at.input = te_alloc((size_t)count, sizeof *at.input, "a picture");
    if (!at.input) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    te_noise_fill(at.input, count, 0, false);
    repeated what = {.run = run_forward, .context = &at, .start = te_clock_now(), .runs = runs};
    TE_TRY_OUT(te_plan_create(&at.plan, device, graph));
    TE_TRY_OUT(time_runs(pass, &what));
    describe(pass, graph, at.plan, 1);
out:
    te_plan_free(at.plan);
    free(at.input);
    return status;
}

/* ---- training ---- */

typedef struct training {
    te_train_step *step;
    te_batch batch;
    int64_t count;
} training;

/* A rate so small that the weights stay what they are. */
static te_status run_training(void *context)
{
    training *at = context;
    te_rates rates = {.rate = 1e-12f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .largest_norm = 10.0f};
    te_step_result result;
    return te_train_step_run(at->step, &at->batch, &rates, ++at->count, &result);
}

/* Pictures and labels of all tasks are the same numbers: above 0 they are labels of every kind. */
te_status te_bench_training(te_bench_pass *pass, const te_passes *passes, te_device *device, const te_settings *settings,
                            int runs)
{
    te_train_options options = te_train_options_of(settings);
    int pictures = options.batch * (options.accumulate > 1 ? options.accumulate : 1);
    int64_t count = (int64_t)3 * pictures * options.height * options.width;
    float *numbers = te_alloc((size_t)count, sizeof *numbers, "pictures and labels");
    if (!numbers) {
        return TE_ERR_MEMORY;
    }
    te_noise_fill(numbers, count, 0, true);
    training at = {.batch = {.images = numbers}};
    for (int t = 0; t < TE_TASK_COUNT; t++) {
        at.batch.labels[t] = numbers;
    }
    te_status status;
    repeated what = {.run = run_training, .context = &at, .start = te_clock_now(), .runs = runs};
    TE_TRY_OUT(te_train_step_create(&at.step, passes->model, device, &options));
    TE_TRY_OUT(time_runs(pass, &what));
    describe(pass, &passes->graphs[TE_PASS_TRAINING], te_train_step_get_plan(at.step), pictures);
out:
    te_train_step_free(at.step);
    free(numbers);
    return status;
}
