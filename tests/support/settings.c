#include "support/settings.h"

#include "support/assert.h"

te_settings *settings_for_test(const char *const pairs[][2], size_t count)
{
    te_settings *settings;
    assert_ok(te_settings_create(&settings));
    assert_ok(te_settings_set(settings, "kernels.cache", "off"));
    for (size_t i = 0; i < count; i++) {
        assert_ok(te_settings_set(settings, pairs[i][0], pairs[i][1]));
    }
    return settings;
}
