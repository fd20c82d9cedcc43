/* What cameras do to light: exposure, white balance, tone, vignetting, blur, noise. */
#include "data/rooms_view.h"

#include "base/random.h"

#include <stdlib.h>

enum { TONES = 4096 };

typedef struct te_film {
    te_vec gain;      /* exposure times white balance */
    float white;      /* radiance, after exposure, that becomes white */
    float contrast, saturation, vignette, blur, noise, grain;
    uint8_t tones[TONES + 1]; /* of 0 to 1 */
} te_film;

/* Compresses what is brighter than white would be. */
static float shoulder(float x, float white)
{
    return x * (1 + x / (white * white)) / (1 + x);
}

static float display(float linear)
{
    return linear <= 0.0031308f ? 12.92f * linear : 1.055f * powf(linear, 1 / 2.4f) - 0.055f;
}

/* The exposure at which some thousand pixels have this mean on the display. */
static float meter(const te_view *view, float white, float target)
{
    size_t count = (size_t)view->width * (size_t)view->height, step = count / 2000 + 1;
    float low = 1e-3f, high = 1e3f;
    for (int round = 0; round < 24; round++) {
        float middle = sqrtf(low * high), sum = 0;
        size_t seen = 0;
        for (size_t i = step / 2; i < count; i += step, seen++) {
            te_vec c = view->colour[i];
            sum += display(fminf(shoulder(middle * (0.3f * c.x + 0.6f * c.y + 0.1f * c.z), white), 1));
        }
        *(sum < target * (float)seen ? &low : &high) = middle;
    }
    return sqrtf(low * high);
}

static void draw_film(te_film *film, const te_view *view)
{
    te_dice dice = te_dice_start(view->seed, view->index, TE_DICE_FILM);
    film->white = te_dice_scale(&dice, 1.5f, 5);
    float exposure = meter(view, film->white, te_dice_real(&dice, 0.36f, 0.58f));
    float warm = te_dice_real(&dice, -0.14f, 0.14f), green = te_dice_real(&dice, -0.03f, 0.03f);
    film->gain = te_vec_scale((te_vec){1 + warm, 1 + green, 1 - warm}, exposure);
    film->contrast = te_dice_real(&dice, 0.9f, 1.2f);
    film->saturation = te_dice_real(&dice, 0.75f, 1.15f);
    film->vignette = te_dice_chance(&dice, 0.4f) ? te_dice_real(&dice, 0, 0.5f) : 0;
    film->blur = te_dice_chance(&dice, 0.5f) ? te_dice_real(&dice, 0, 0.25f) : 0;
    film->noise = te_dice_chance(&dice, 0.7f) ? te_dice_scale(&dice, 0.3f, 5) : te_dice_real(&dice, 0, 0.5f);
    film->grain = te_dice_real(&dice, 0, 1);
    for (int i = 0; i <= TONES; i++) {
        float value = display((float)i / TONES), bent = value * value * (3 - 2 * value);
        value += (film->contrast - 1) * 1.6f * (bent - value);
        film->tones[i] = (uint8_t)(255 * te_clamp(value, 0, 1) + 0.5f);
    }
}

/* Three numbers of mean 0 and variance 1. */
static void draw_noise(const te_view *view, uint64_t pixel, float noise[3])
{
    uint32_t words[4];
    te_random_words(view->seed, view->index, (uint64_t)TE_DICE_PIXELS << 40 | pixel, words);
    for (int c = 0; c < 3; c++) { /* sum of four bytes: bell-shaped */
        uint32_t w = words[c];
        float sum = (float)((w & 255) + (w >> 8 & 255) + (w >> 16 & 255) + (w >> 24));
        noise[c] = (sum - 510) / 147.8f;
    }
    float common = noise[0];
    noise[1] = 0.8f * common + 0.6f * noise[1]; /* demosaicing leaves mostly brightness noise */
    noise[2] = 0.8f * common + 0.6f * noise[2];
}

static te_vec expose(const te_film *film, te_vec colour, float x, float y)
{
    colour = te_vec_mul(colour, film->gain);
    colour = te_vec_scale(colour, 1 - film->vignette * (x * x + y * y));
    float grey = 0.3f * colour.x + 0.6f * colour.y + 0.1f * colour.z;
    colour = te_vec_mix((te_vec){grey, grey, grey}, colour, film->saturation);
    return (te_vec){
        te_clamp(shoulder(fmaxf(colour.x, 0), film->white), 0, 1),
        te_clamp(shoulder(fmaxf(colour.y, 0), film->white), 0, 1),
        te_clamp(shoulder(fmaxf(colour.z, 0), film->white), 0, 1),
    };
}

/* Mixed with its neighbours; rows and columns beyond the border repeat. */
static te_vec blurred(const te_vec *exposed, int w, int h, int x, int y, float share)
{
    int left = x > 0 ? x - 1 : x, right = x + 1 < w ? x + 1 : x, up = y > 0 ? y - 1 : y;
    int down = y + 1 < h ? y + 1 : y;
    te_vec sum =
        te_vec_add(exposed[(size_t)y * (size_t)w + (size_t)left], exposed[(size_t)y * (size_t)w + (size_t)right]);
    sum = te_vec_add(sum, te_vec_add(exposed[(size_t)up * (size_t)w + (size_t)x],
                                     exposed[(size_t)down * (size_t)w + (size_t)x]));
    return te_vec_mix(exposed[(size_t)y * (size_t)w + (size_t)x], te_vec_scale(sum, 0.25f), 2 * share);
}

te_status te_film_develop(const te_view *view, uint8_t *rgb)
{
    int w = view->width, h = view->height;
    te_film film;
    draw_film(&film, view);
    te_vec *exposed = te_alloc((size_t)h, (size_t)w * sizeof *exposed, "a generated room");
    if (!exposed) {
        return TE_ERR_MEMORY;
    }
    float longer = (float)(w > h ? w : h) / 2;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            exposed[at] = expose(&film, view->colour[at], ((float)x + 0.5f - (float)w / 2) / longer,
                                 ((float)y + 0.5f - (float)h / 2) / longer);
        }
    }
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            te_vec c = film.blur > 0 ? blurred(exposed, w, h, x, y, film.blur) : exposed[at];
            float value[3] = {c.x, c.y, c.z}, noise[3];
            draw_noise(view, at, noise);
            for (int k = 0; k < 3; k++) {
                int tone = film.tones[(int)(value[k] * TONES + 0.5f)];
                float dark = 1 - film.grain * (float)tone / 255; /* shadows are noisier than lights */
                rgb[3 * at + (size_t)k] =
                    (uint8_t)te_clamp((float)tone + film.noise * dark * noise[k] + 0.5f, 0, 255);
            }
        }
    }
    free(exposed);
    return TE_OK;
}
