/* embed.c - TaskExpert inside another program: a picture in, a line for each task out.
 *
 *     cmake -S docs/examples -B build-example && cmake --build build-example
 *     build-example/embed weights.safetensors photo.jpg
 *
 * or, without CMake: cc embed.c $(pkg-config --cflags --libs taskexpert) -o embed
 */
#include <taskexpert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stop with the library's own words. */
static void check(te_status status)
{
    if (status != TE_OK) {
        fprintf(stderr, "embed: %s\n", te_last_error());
        exit(EXIT_FAILURE);
    }
}

static void print_message(te_log_level level, const char *line, void *context)
{
    (void)context;
    if (level >= TE_LOG_INFO) {
        fprintf(stderr, "embed: %s\n", line);
    }
}

/* classes (height,width): the largest class and its share of the pixels */
static void print_classes(const te_map *map)
{
    size_t pixels = (size_t)map->width * (size_t)map->height, counts[256] = {0}, largest = 0;
    for (size_t i = 0; i < pixels; i++) {
        counts[map->classes[i]]++;
    }
    for (size_t class = 1; class < 256; class++) {
        largest = counts[class] > counts[largest] ? class : largest;
    }
    printf("%-12s class %zu takes %.1f %% of the pixels\n", map->task, largest,
           100.0 * (double)counts[largest] / (double)pixels);
}

/* values (height,width,channels): the mean of each channel; for depth that is the mean distance in metres */
static void print_means(const te_map *map)
{
    size_t pixels = (size_t)map->width * (size_t)map->height, channels = (size_t)map->channels;
    printf("%-12s mean", map->task);
    for (size_t channel = 0; channel < channels; channel++) {
        double sum = 0;
        for (size_t i = 0; i < pixels; i++) {
            sum += map->values[i * channels + channel];
        }
        printf(" %.4f", sum / (double)pixels);
    }
    printf("%s\n", strcmp(map->task, "depth") == 0 ? " m" : "");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: embed WEIGHTS PICTURE\n");
        return 2;
    }
    te_set_log(print_message, NULL);

    te_settings *settings;
    te_model *model;
    te_device *device;
    te_evaluator *evaluator;
    check(te_model_load(&model, argv[1]));
    check(te_settings_create(&settings)); /* te_settings_set(settings, "device.type", "gpu") would choose */
    check(te_device_open(&device, settings));
    check(te_evaluator_create(&evaluator, model, device, NULL)); /* NULL: the model's own input size */

    te_picture *picture;
    te_prediction *prediction;
    check(te_picture_load(&picture, argv[2]));
    check(te_evaluator_run(evaluator, picture, &prediction));
    for (size_t i = 0; i < te_model_count_tasks(model); i++) {
        te_map map;
        check(te_prediction_get(prediction, te_model_get_task(model, i), &map));
        if (map.classes) {
            print_classes(&map);
        } else {
            print_means(&map);
        }
    }

    te_prediction_free(prediction); /* whoever creates frees, the last first */
    te_picture_free(picture);
    te_evaluator_free(evaluator);
    te_device_close(device);
    te_settings_free(settings);
    te_model_free(model);
    return 0;
}
