/* libFuzzer target: any bytes loaded as an ini file; each value that was taken must be taken again as printed.
 *     clang -fsanitize=fuzzer,address,undefined ... && ./fuzz_settings tests/fuzz/corpus/settings */
#include "base/settings.h"

#include <stdlib.h>
#include <string.h>

static void expect(int is_true)
{
    if (!is_true) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    te_settings *settings = NULL, *again = NULL;
    expect(te_settings_create(&settings) == TE_OK && te_settings_create(&again) == TE_OK);
    te_status status = te_settings_load_memory(settings, (const char *)data, bytes, "fuzz");
    expect(status == TE_OK || (status == TE_ERR_SETTING && !strchr(te_last_error(), '\n')));
    for (size_t row = 0; row < te_settings_count(); row++) {
        char value[TE_TEXT_SETTING];
        const char *key = te_settings_get_info(row)->key;
        expect(te_settings_get(settings, key, value, sizeof value) == TE_OK);
        expect(te_settings_set(again, key, value) == TE_OK);
        expect(status == TE_OK || strcmp(value, te_settings_get_info(row)->default_value) == 0);
    }
    expect(memcmp(settings, again, sizeof *settings) == 0 || status == TE_OK); /* failed loads change nothing */
    te_settings_free(settings);
    te_settings_free(again);
    return 0;
}
