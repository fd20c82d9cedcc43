#include "base/safetensors.h"

#include "base/files.h"
#include "base/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_BYTES = 4096 };

/* ---- files made of a header's text and the numbers 0, 1, 2, ... as data ---- */

static uint8_t content[MOST_BYTES];

static size_t make_content(const char *header, size_t data_bytes)
{
    size_t length = strlen(header);
    assert_true(8 + length + data_bytes <= sizeof content);
    memset(content, 0, 8);
    content[0] = (uint8_t)length;
    content[1] = (uint8_t)(length >> 8);
    memcpy(content + 8, header, length);
    for (size_t i = 0; i < data_bytes; i++) {
        content[8 + length + i] = (uint8_t)i;
    }
    return 8 + length + data_bytes;
}

/* Open a copy of exactly `bytes` bytes, so that a sanitizer sees every step beyond them. */
static te_status open_bytes(te_safetensors **file, uint8_t **copy, const uint8_t *data, size_t bytes)
{
    *copy = malloc(bytes ? bytes : 1);
    assert_non_null(*copy);
    memcpy(*copy, data, bytes);
    te_status status = te_safetensors_open_memory(file, *copy, bytes, "a.safetensors");
    if (status != TE_OK) {
        free(*copy);
    }
    return status;
}

static void check_refused_bytes(size_t bytes, const char *message)
{
    te_safetensors *file = NULL;
    uint8_t *copy;
    te_status status = open_bytes(&file, &copy, content, bytes);
    if (status != TE_ERR_FORMAT || file || !strstr(te_last_error(), message) ||
        !strstr(te_last_error(), "'a.safetensors'")) {
        fail_msg("status %d, \"%s\" does not hold \"%s\"", status, te_last_error(), message);
    }
}

static void check_refused(const char *header, size_t data_bytes, const char *message)
{
    check_refused_bytes(make_content(header, data_bytes), message);
}

/* ---- reading ---- */

static void tensors_and_metadata_are_found(void **state)
{
    (void)state;
    te_safetensors *file;
    uint8_t *copy;
    size_t bytes = make_content("{\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[5,13]},"
                                "\"__metadata__\":{\"format\":\"pt\",\"x\":\"l1\\nl2\"},"
                                "\"a\":{\"dtype\":\"I8\",\"shape\":[5],\"data_offsets\":[0,5],\"more\":[{}]},"
                                "\"none\":{\"shape\":[7,0],\"dtype\":\"F16\",\"data_offsets\":[5,5]},"
                                "\"scalar\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[13,15]}}   ", 15);
    assert_int_equal(open_bytes(&file, &copy, content, bytes), TE_OK);
    assert_int_equal(te_safetensors_count(file), 4);
    static const char *const in_order[] = {"a", "none", "b.weight", "scalar"}; /* of the data */
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(te_safetensors_get(file, i)->name, in_order[i]);
        assert_ptr_equal(te_safetensors_find(file, in_order[i]), te_safetensors_get(file, i));
    }
    assert_null(te_safetensors_get(file, 4));
    assert_null(te_safetensors_find(file, "b"));
    assert_null(te_safetensors_find(file, ""));
    assert_null(te_safetensors_find(file, "__metadata__"));
    const te_entry *entry = te_safetensors_find(file, "b.weight");
    assert_int_equal(entry->element, TE_ELEMENT_F32);
    assert_int_equal(entry->rank, 2);
    assert_int_equal(entry->shape[0], 2);
    assert_int_equal(entry->shape[1], 1);
    assert_int_equal(entry->count, 2);
    assert_int_equal(entry->bytes, 8);
    assert_int_equal(entry->data[0], 5);
    assert_int_equal(te_safetensors_find(file, "scalar")->rank, 0);
    assert_int_equal(te_safetensors_find(file, "scalar")->count, 1);
    assert_int_equal(te_safetensors_find(file, "none")->count, 0);
    assert_int_equal(te_safetensors_find(file, "a")->element, TE_ELEMENT_OTHER);

    const char *key, *value;
    assert_int_equal(te_safetensors_count_metadata(file), 2);
    assert_string_equal(te_safetensors_find_metadata(file, "format"), "pt");
    assert_string_equal(te_safetensors_find_metadata(file, "x"), "l1\nl2");
    assert_null(te_safetensors_find_metadata(file, "y"));
    te_safetensors_get_metadata(file, 1, &key, &value);
    assert_string_equal(value, te_safetensors_find_metadata(file, key));
    te_safetensors_get_metadata(file, 2, &key, &value);
    assert_null(key);
    assert_null(value);
    te_safetensors_close(file);
    free(copy);
}

static void a_file_may_hold_nothing(void **state)
{
    (void)state;
    te_safetensors *file;
    uint8_t *copy;
    assert_int_equal(open_bytes(&file, &copy, content, make_content("{}", 0)), TE_OK);
    assert_int_equal(te_safetensors_count(file), 0);
    assert_int_equal(te_safetensors_count_metadata(file), 0);
    assert_null(te_safetensors_find(file, "a"));
    assert_null(te_safetensors_find_metadata(file, "a"));
    te_safetensors_close(file);
    free(copy);
    te_safetensors_close(NULL);
}

static void headers_that_lie_are_refused(void **state)
{
    (void)state;
    check_refused_bytes(0, "only 0 bytes");
    check_refused_bytes(7, "only 7 bytes");
    size_t bytes = make_content("{}", 0);
    check_refused_bytes(bytes - 1, "cut short");
    memset(content, 0xFF, 8);
    check_refused_bytes(bytes, "a header of 18446744073709551615 bytes in a file of 10");
    make_content("", 0);
    check_refused_bytes(8, "header");
    check_refused("{", 0, "is no safetensors file: byte");
    check_refused("{}x", 0, "is no safetensors file: byte");
    check_refused("[]", 0, "is no JSON object");
    check_refused("12", 0, "is no safetensors file");
    check_refused("{\"a\":1,\"a\":1}", 0, "duplicate");
    check_refused("{\"a\\u0000b\":1}", 0, "is no safetensors file");
    check_refused("{\"a\xFF\":1}", 0, "is no safetensors file");
    check_refused("{\"__metadata__\":[]}", 0, "__metadata__ is no JSON object");
    check_refused("{\"__metadata__\":{\"a\":1}}", 0, "more than texts");
    check_refused("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "duplicate");
    check_refused("{\"a\\u001b[2J\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1,
                  "control character");
    check_refused("{\"a\\u007f\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, "control character");
    check_refused("{\"\\u001b[2J\\u001b\":x}", 0, "is no safetensors file");
    assert_null(strchr(te_last_error(), 27)); /* the file's text stays out of messages */
    char deep[3000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    check_refused(deep, 0, "is no safetensors file");
}

#define ENTRY(dtype, shape, offsets) \
    "{\"t\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void entries_that_lie_are_refused(void **state)
{
    (void)state;
    check_refused("{\"t\":1}", 0, "tensor 't' has no dtype");
    check_refused("{\"t\":{\"dtype\":\"F32\"}}", 0, "tensor 't' has no shape");
    check_refused("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "tensor 't' has no data_offsets");
    check_refused(ENTRY("4", "[1]", "[0,4]"), 4, "no dtype");
    check_refused(ENTRY("\"F33\"", "[1]", "[0,4]"), 4, "unknown dtype");
    check_refused(ENTRY("\"F32\"", "{}", "[0,4]"), 4, "no shape");
    check_refused(ENTRY("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "no shape of at most 8");
    check_refused(ENTRY("\"F32\"", "[-1]", "[0,4]"), 4, "dimension");
    check_refused(ENTRY("\"F32\"", "[1.0]", "[0,4]"), 4, "dimension");
    check_refused(ENTRY("\"F32\"", "[\"1\"]", "[0,4]"), 4, "dimension");
    check_refused(ENTRY("\"F32\"", "[9223372036854775807,3]", "[0,4]"), 4, "too large to count");
    check_refused(ENTRY("\"F32\"", "[4294967296,4294967296]", "[0,0]"), 0, "too large to count");
    check_refused(ENTRY("\"F32\"", "[0,4294967296,4294967296]", "[0,0]"), 0, "too large to count");
    check_refused(ENTRY("\"F32\"", "[4611686018427387905]", "[0,4]"), 4, "elements of F32 in 4 bytes");
    check_refused(ENTRY("\"F32\"", "[18446744073709551616]", "[0,4]"), 4, "is no safetensors file");
    check_refused(ENTRY("\"F32\"", "[1]", "[0]"), 4, "no data_offsets of two numbers");
    check_refused(ENTRY("\"F32\"", "[1]", "[0,4,4]"), 4, "no data_offsets of two numbers");
    check_refused(ENTRY("\"F32\"", "[1]", "[0,\"4\"]"), 4, "no data_offsets of two numbers");
    check_refused(ENTRY("\"F32\"", "[1]", "{}"), 4, "no data_offsets of two numbers");
    check_refused(ENTRY("\"F32\"", "[1]", "[-4,0]"), 4, "data_offsets -4 to 0");
    check_refused(ENTRY("\"F32\"", "[1]", "[4,0]"), 4, "data_offsets 4 to 0");
    check_refused(ENTRY("\"F32\"", "[1]", "[0,5]"), 4, "the file's data end at 4; is it cut short?");
    check_refused(ENTRY("\"F32\"", "[1]", "[9223372036854775803,9223372036854775807]"), 4, "cut short?");
    check_refused(ENTRY("\"F32\"", "[1]", "[0,3]"), 3, "1 elements of F32 in 3 bytes");
    check_refused(ENTRY("\"F32\"", "[1]", "[0,5]"), 5, "1 elements of F32 in 5 bytes");
    check_refused(ENTRY("\"F32\"", "[2]", "[0,4]"), 4, "2 elements of F32 in 4 bytes");
    check_refused(ENTRY("\"F32\"", "[]", "[0,0]"), 0, "1 elements of F32 in 0 bytes");
    check_refused(ENTRY("\"F64\"", "[1]", "[0,4]"), 4, "1 elements of F64 in 4 bytes");
}

/* Three elements of it, and a byte less. */
static void every_type_has_its_size(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int bytes;
    } types[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I64", 8}, {"I32", 4},
                 {"I16", 2}, {"I8", 1}, {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1}, {"BOOL", 1}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char header[100];
        int bytes = 3 * types[i].bytes;
        te_safetensors *file;
        uint8_t *copy;
        snprintf(header, sizeof header, ENTRY("\"%s\"", "[3]", "[0,%d]"), types[i].name, bytes);
        assert_int_equal(open_bytes(&file, &copy, content, make_content(header, (size_t)bytes)), TE_OK);
        te_safetensors_close(file);
        free(copy);
        snprintf(header, sizeof header, ENTRY("\"%s\"", "[3]", "[0,%d]"), types[i].name, bytes - 1);
        check_refused(header, (size_t)bytes - 1, "3 elements of");
    }
}

/* A file with a hole, which takes no room: all of it is the header, of a byte more than any may have. */
static void a_header_of_any_length_is_not_read(void **state)
{
    (void)state;
    static const uint8_t length[8] = {0x01, 0xE1, 0xF5, 0x05}; /* 100000001 */
    char path[] = "/tmp/te_safetensors_XXXXXX";
    int descriptor = mkstemp(path);
    te_safetensors *file;
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, length, sizeof length), sizeof length);
    assert_int_equal(ftruncate(descriptor, 8 + 100000001), 0);
    close(descriptor);
    assert_int_equal(te_safetensors_open(&file, path), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "a header of 100000001 bytes in a file of 100000009"));
    unlink(path);
}

#define BYTE(name, offsets) "\"" name "\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" offsets "}"

static void tensors_must_tile_the_data(void **state)
{
    (void)state;
    check_refused("{" BYTE("a", "[0,2]") "}", 3, "the last 1 bytes belong to no tensor");
    check_refused("{}", 3, "the last 3 bytes belong to no tensor");
    check_refused("{" BYTE("a", "[1,3]") "}", 3, "'a' begins behind bytes that belong to no tensor");
    check_refused("{" BYTE("a", "[0,2]") "," BYTE("b", "[3,5]") "}", 5, "'b' begins behind bytes");
    check_refused("{" BYTE("a", "[0,2]") "," BYTE("b", "[1,3]") "}", 3, "'b' shares bytes with another tensor");
    check_refused("{" BYTE("a", "[0,2]") "," BYTE("b", "[0,2]") "}", 2, "'b' shares bytes with another tensor");
    check_refused("{" BYTE("b", "[2,4]") "," BYTE("a", "[0,2]") "," BYTE("c", "[2,4]") "}", 4, "'c' shares bytes");
}

/* Every way to cut a file short, and every change of one header byte to a bracket, quote or digit: never a crash,
 * and an opened file keeps its promises. */
static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F16\",\"shape\":[2,3],"
                                 "\"data_offsets\":[0,12]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"
                                 "\"data_offsets\":[12,16]}}";
    size_t bytes = make_content(header, 16), refused = 0, tried = 0;
    te_safetensors *file;
    uint8_t *copy;
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_int_equal(open_bytes(&file, &copy, content, cut), TE_ERR_FORMAT);
    }
    for (size_t place = 0; place < 8 + sizeof header - 1; place++) {
        for (const char *c = "{}[]\",:019-e\\\xFF"; *c; c++) {
            uint8_t kept = content[place];
            content[place] = (uint8_t)*c;
            tried++;
            if (open_bytes(&file, &copy, content, bytes) == TE_OK) {
                for (size_t i = 0; i < te_safetensors_count(file); i++) {
                    const te_entry *entry = te_safetensors_get(file, i);
                    assert_true(entry->data >= copy && entry->data + entry->bytes <= copy + bytes);
                    float out[16];
                    assert_true(entry->count <= 16);
                    te_entry_read(entry, out);
                }
                te_safetensors_close(file);
                free(copy);
            } else {
                refused++;
            }
            content[place] = kept;
        }
    }
    assert_true(refused > tried * 3 / 4 && refused < tried);
}

static void elements_become_floats(void **state)
{
    (void)state;
    te_safetensors *file;
    uint8_t *copy;
    static const char header[] = "{\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                                 "\"f\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]},"
                                 "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[24,28]},"
                                 "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[28,32]},"
                                 "\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[32,36]}}";
    static const uint8_t data[] = {0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0, /* 1.5 -2 */
                                   0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0,                         /* 1.5 -2 */
                                   0, 0x3E, 0, 0xC0, 0xC0, 0x3F, 0, 0xC0,                   /* both again, twice */
                                   1, 0, 0, 0};
    size_t bytes = make_content(header, sizeof data);
    memcpy(content + 8 + sizeof header - 1, data, sizeof data);
    assert_int_equal(open_bytes(&file, &copy, content, bytes), TE_OK);
    static const char *const names[] = {"d", "f", "h", "b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        float out[2] = {0};
        assert_int_equal(te_entry_read(te_safetensors_find(file, names[i]), out), TE_OK);
        assert_true(out[0] == 1.5f && out[1] == -2.0f);
        assert_int_equal(te_entry_read_part(te_safetensors_find(file, names[i]), 1, 1, out), TE_OK);
        assert_true(out[0] == -2.0f);
    }
    float untouched = 3.0f;
    assert_int_equal(te_entry_read(te_safetensors_find(file, "i"), &untouched), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "tensor 'i' holds no floating-point numbers"));
    assert_true(untouched == 3.0f);
    te_safetensors_close(file);
    free(copy);
}

/* ---- 16-bit floats ---- */

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void all_halves_survive(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        float value = te_half_to_float((uint16_t)half);
        uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
        if (exponent == 31) {
            assert_true(fraction ? isnan(value) : isinf(value));
        } else { /* by the definition of the format */
            double wanted = exponent ? ldexp(1024.0 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
            assert_true((double)value == (half & 0x8000 ? -wanted : wanted));
        }
        assert_true(!signbit(value) == !(half & 0x8000));
        assert_int_equal(te_half_from_float(value), half);
        assert_int_equal(bits_of(te_bf16_to_float((uint16_t)half)), half << 16);
        assert_int_equal(te_bf16_from_float(te_bf16_to_float((uint16_t)half)), half);
    }
}

/* Between each half and the next: the middle goes to the even one, its neighbours to the nearer one. */
static void halves_are_rounded_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x7C00; half++) {
        float here = te_half_to_float((uint16_t)half);
        float next = half + 1 < 0x7C00 ? te_half_to_float((uint16_t)(half + 1)) : 65536.0f;
        float middle = (here + next) / 2; /* exact: float has 13 more bits */
        uint32_t even = half + (half & 1);
        assert_int_equal(te_half_from_float(middle), even);
        assert_int_equal(te_half_from_float(-middle), 0x8000 | even);
        assert_int_equal(te_half_from_float(nextafterf(middle, here)), half);
        assert_int_equal(te_half_from_float(nextafterf(middle, next)), half + 1);
    }
    assert_int_equal(te_half_from_float(65520.0f), 0x7C00); /* infinity from half a step above the largest */
    assert_int_equal(te_half_from_float(100000.0f), 0x7C00);
    assert_int_equal(te_half_from_float(3e38f), 0x7C00);
    assert_int_equal(te_half_from_float(-INFINITY), 0xFC00);
    assert_int_equal(te_half_from_float(float_of(1)), 0);
    assert_int_equal(te_half_from_float(float_of(0x80000001)), 0x8000);
    for (uint32_t payload = 1; payload < 0x800000; payload = payload * 2 + 1) {
        assert_true((te_half_from_float(float_of(0x7F800000 | payload)) & 0x7FFF) > 0x7C00); /* stays NaN */
    }
}

static void bf16_is_rounded_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t upper = 0; upper < 0x7F80; upper++) {
        uint32_t low = upper << 16;
        assert_int_equal(te_bf16_from_float(float_of(low | 0x7FFF)), upper);
        assert_int_equal(te_bf16_from_float(float_of(low | 0x8000)), upper + (upper & 1));
        assert_int_equal(te_bf16_from_float(float_of(low | 0x8001)), upper + 1);
        assert_int_equal(te_bf16_from_float(float_of(0x80000000 | low | 0x8000)), 0x8000 | (upper + (upper & 1)));
    }
    for (uint32_t payload = 1; payload < 0x800000; payload = payload * 2 + 1) {
        assert_true((te_bf16_from_float(float_of(0x7F800000 | payload)) & 0x7FFF) > 0x7F80); /* stays NaN */
        assert_true((te_bf16_from_float(float_of(0xFF800000 | payload)) & 0x7FFF) > 0x7F80);
    }
}

/* ---- writing ---- */

enum { LONG = 40001 }; /* more than two blocks of the writer and of the reader, and odd */

static void what_is_saved_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/te_safetensors_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    static float values[LONG];
    for (int i = 0; i < LONG; i++) {
        values[i] = (float)(i - 5000) * 0.37f + 1e-6f;
    }
    const te_entry_out entries[] = {
        {"z.scalar", 0, {0}, values + 3}, {"long", 1, {LONG}, values}, {"\xC3\xA4.weight", 2, {2, 3}, values + 7},
        {"empty", 2, {0, 5}, NULL},
    };
    const char *const metadata[] = {"model.experts", "5", "text", "line\n\"quote\" \xC3\xA4"};
    for (te_storage storage = TE_STORE_FP32; storage <= TE_STORE_BF16; storage++) {
        te_safetensors *file;
        assert_int_equal(te_safetensors_save(path, entries, 4, storage, metadata, 2), TE_OK);
        assert_int_equal(te_safetensors_open(&file, path), TE_OK);
        assert_int_equal(te_safetensors_count(file), 4);
        assert_int_equal(te_safetensors_count_metadata(file), 2);
        assert_string_equal(te_safetensors_find_metadata(file, "text"), metadata[3]);
        for (size_t i = 0; i < 4; i++) {
            const te_entry *entry = te_safetensors_find(file, entries[i].name);
            assert_non_null(entry);
            assert_int_equal(entry->element, (te_element)storage); /* both begin F32, F16, BF16 */
            assert_int_equal(entry->rank, entries[i].rank);
            assert_memory_equal(entry->shape, entries[i].shape, sizeof(int64_t) * (size_t)entry->rank);
            static float read[LONG];
            assert_int_equal(te_entry_read(entry, read), TE_OK);
            for (size_t k = 0; k < entry->count; k++) {
                float value = entries[i].data[k];
                float wanted = storage == TE_STORE_FP16   ? te_half_to_float(te_half_from_float(value))
                               : storage == TE_STORE_BF16 ? te_bf16_to_float(te_bf16_from_float(value))
                                                          : value;
                assert_true(read[k] == wanted);
            }
        }
        te_safetensors_close(file);
        uint8_t *data;
        size_t bytes;
        assert_int_equal(te_file_read(path, 1 << 20, &data, &bytes), TE_OK);
        assert_int_equal(data[0] % 8, 0); /* the data begin at a multiple of 8 */
        free(data);
    }
    unlink(path);
}

static void check_save_refused(const te_entry_out *entries, size_t count, const char *const *metadata, size_t pairs,
                               const char *message)
{
    char folder[] = "/tmp/te_safetensors_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = te_path_join(folder, "a");
    assert_int_equal(te_safetensors_save(path, entries, count, TE_STORE_FP32, metadata, pairs), TE_ERR_ARGUMENT);
    if (!strstr(te_last_error(), message)) {
        fail_msg("\"%s\" does not hold \"%s\"", te_last_error(), message);
    }
    free(path);
    assert_int_equal(rmdir(folder), 0); /* nothing was left */
}

static void what_cannot_be_saved_is_refused(void **state)
{
    (void)state;
    static const float one = 1.0f;
    const te_entry_out twice[] = {{"a", 0, {0}, &one}, {"a", 0, {0}, &one}};
    check_save_refused(twice, 2, NULL, 0, "'a' is to be written twice");
    const te_entry_out metadata_name[] = {{"__metadata__", 0, {0}, &one}};
    check_save_refused(metadata_name, 1, NULL, 0, "cannot be called '__metadata__'");
    const te_entry_out latin[] = {{"\xE4", 0, {0}, &one}};
    check_save_refused(latin, 1, NULL, 0, "not UTF-8");
    const te_entry_out rank[] = {{"a", 9, {1}, &one}};
    check_save_refused(rank, 1, NULL, 0, "has 9 dimensions");
    const te_entry_out negative[] = {{"a", 1, {-1}, &one}};
    check_save_refused(negative, 1, NULL, 0, "dimension of -1");
    const te_entry_out large[] = {{"a", 2, {INT64_MAX / 4, 2}, &one}};
    check_save_refused(large, 1, NULL, 0, "dimension of 2");
    const char *const same_key[] = {"k", "1", "k", "2"};
    check_save_refused(twice, 1, same_key, 2, "'k' is to be written twice");
    const char *const latin_value[] = {"k", "\xE4"};
    check_save_refused(twice, 1, latin_value, 1, "not UTF-8");
    te_safetensors *file = NULL;
    static const char path[] = "/tmp/te_no_such_folder/a";
    assert_int_equal(te_safetensors_save(path, twice, 1, TE_STORE_FP32, NULL, 0), TE_ERR_FILE);
    assert_int_equal(te_safetensors_open(&file, path), TE_ERR_FILE);
    assert_null(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_and_metadata_are_found),
        cmocka_unit_test(a_file_may_hold_nothing),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(entries_that_lie_are_refused),
        cmocka_unit_test(every_type_has_its_size),
        cmocka_unit_test(a_header_of_any_length_is_not_read),
        cmocka_unit_test(tensors_must_tile_the_data),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(elements_become_floats),
        cmocka_unit_test(all_halves_survive),
        cmocka_unit_test(halves_are_rounded_to_nearest_even),
        cmocka_unit_test(bf16_is_rounded_to_nearest_even),
        cmocka_unit_test(what_is_saved_is_read),
        cmocka_unit_test(what_cannot_be_saved_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
