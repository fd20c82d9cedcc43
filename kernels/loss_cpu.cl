/* loss on processors: as loss.cl, 16 pixels at a time, which lie side by side in one picture: H*W must be a multiple of
 * 16. BLOCK pixels a work-item. global (pixels/BLOCK rounded up), local 1.
 */
#include "real.clh"
#include "wide.clh"

#define BLOCK 256
#define EDGE_WEIGHT 0.95f

typedef struct pixels16 {
    __global const float *x, *label; /* channel 0 of the first pixel */
    size_t area;
    int K, kind;
} pixels16;

static inline pixels16 pixels_at(__global const float *x, __global const float *label, int pixel, int kind, int K,
                                 int area)
{
    size_t picture = (size_t)(pixel / area), place = (size_t)(pixel % area), labels = kind == 3 ? 3 : 1;
    return (pixels16){x + picture * (size_t)K * (size_t)area + place, label + picture * labels * (size_t)area + place,
                      (size_t)area, K, kind};
}

/* log(1 + e^x), from e^-|x| in vectors */
static inline float16 softplus16(float16 x)
{
    return fmax(x, (float16)(0.0f)) + log1p(exp16(-fabs(x)));
}

/* Sum of e^(x - most) over the channels; NaN where a channel is. */
static inline float16 exp_sum(pixels16 p, float16 *most)
{
    float16 peak = vload16(0, p.x), total = 0.0f;
    for (int k = 1; k < p.K; k++) {
        float16 value = vload16(0, p.x + (size_t)k * p.area);
        peak = select(peak, value, value > peak);
    }
    for (int k = 0; k < p.K; k++) {
        total += exp16(vload16(0, p.x + (size_t)k * p.area) - peak);
    }
    *most = peak;
    return total;
}

static inline float16 length16(__global const float *x, size_t area)
{
    float16 a = vload16(0, x), b = vload16(0, x + area), c = vload16(0, x + 2 * area);
    return sqrt(a * a + b * b + c * c);
}

/* -1 where the pixel has a label. */
static inline int16 valid16(pixels16 p)
{
    float16 y = vload16(0, p.label);
    return p.kind <= 1   ? y >= 0.0f && y < (float)p.K
           : p.kind == 2 ? y >= 0.0f && y <= 1.0f
           : p.kind == 3 ? length16(p.label, p.area) >= 0.5f
                         : y > 0.0f;
}

/* Channel y of the pixel, y being its class. */
static inline float16 logit_of_class(pixels16 p, float16 y)
{
    float16 logit = vload16(0, p.x);
    for (int k = 1; k < p.K; k++) {
        logit = select(logit, vload16(0, p.x + (size_t)k * p.area), y >= (float)k);
    }
    return logit;
}

static inline float16 loss16(pixels16 p)
{
    float16 y = vload16(0, p.label), x = vload16(0, p.x), most;
    if (p.kind <= 1) {
        float16 total = exp_sum(p, &most);
        return log(total) + most - logit_of_class(p, y);
    }
    if (p.kind == 2) {
        return EDGE_WEIGHT * y * softplus16(-x) + (1.0f - EDGE_WEIGHT) * (1.0f - y) * softplus16(x);
    }
    if (p.kind == 4) {
        return fabs(x - y);
    }
    float16 inverse = 1.0f / fmax(length16(p.x, p.area), (float16)(1e-12f)), sum = 0.0f;
    for (int k = 0; k < 3; k++) {
        sum += fabs(vload16(0, p.x + k * p.area) * inverse - vload16(0, p.label + k * p.area));
    }
    return sum;
}

WORK_GROUP_OF_ONE __kernel void loss_partial_cpu(__global const float *restrict x, __global const float *restrict label,
                                                 __global float *restrict partial, int pixels, int kind, int K,
                                                 int area)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, pixels);
    float16 sums[4] = {(float16)(0.0f), (float16)(0.0f), (float16)(0.0f), (float16)(0.0f)};
    for (int pixel = first; pixel < last; pixel += 16) {
        pixels16 p = pixels_at(x, label, pixel, kind, K, area);
        int16 valid = valid16(p), one = kind == 1 ? vload16(0, p.label) >= 1.0f : (int16)(0);
        float16 value = loss16(p), none = 0.0f, count = 1.0f;
        sums[0] += select(none, value, valid & ~one);
        sums[1] += select(none, value, valid & one);
        sums[2] += select(none, count, valid & ~one);
        sums[3] += select(none, count, valid & one);
    }
    for (int i = 0; i < 4; i++) {
        partial[get_global_id(0) * 4 + (size_t)i] = sum16(sums[i]);
    }
}

/* ---- gradient ---- */

static inline void classes_dx(pixels16 p, __global float *dx, float16 factor, int16 valid)
{
    float16 most, y = vload16(0, p.label), inverse = 1.0f / exp_sum(p, &most), none = 0.0f;
    for (int k = 0; k < p.K; k++) {
        float16 share = exp16(vload16(0, p.x + (size_t)k * p.area) - most) * inverse;
        float16 wanted = select(none, (float16)(1.0f), y >= (float)k && y < (float)(k + 1));
        vstore16(select(none, factor * (share - wanted), valid), 0, dx + (size_t)k * p.area);
    }
}

/* d(|x/|x| - label| summed)/dx: the sign of each difference, made orthogonal to x, over |x|. */
static inline void normals_dx(pixels16 p, __global float *dx, float16 factor, int16 valid)
{
    float16 inverse = 1.0f / fmax(length16(p.x, p.area), (float16)(1e-12f)), unit[3], sign_of[3], along = 0.0f;
    for (int k = 0; k < 3; k++) {
        unit[k] = vload16(0, p.x + k * p.area) * inverse;
        float16 difference = unit[k] - vload16(0, p.label + k * p.area), none = 0.0f;
        sign_of[k] = select(select(none, (float16)(-1.0f), difference < 0.0f), (float16)(1.0f), difference > 0.0f);
        along += sign_of[k] * unit[k];
    }
    for (int k = 0; k < 3; k++) {
        float16 none = 0.0f;
        vstore16(select(none, factor * inverse * (sign_of[k] - along * unit[k]), valid), 0, dx + k * p.area);
    }
}

static inline float16 edge_slope(float16 x, float16 y)
{
    float16 e = exp16(-fabs(x)), large = 1.0f / (1.0f + e), small = e * large; /* sigmoids of |x| and of -|x| */
    float16 sigmoid = select(small, large, x >= 0.0f), other = select(large, small, x >= 0.0f);
    return (1.0f - EDGE_WEIGHT) * (1.0f - y) * sigmoid - EDGE_WEIGHT * y * other;
}

WORK_GROUP_OF_ONE __kernel void loss_dx_cpu(__global const float *restrict x, __global const float *restrict label,
                                            __global const float *restrict result, __global const float *restrict dy,
                                            __global float *restrict dx, int pixels, int kind, int K, int area)
{
    int first = (int)get_global_id(0) * BLOCK, last = min(first + BLOCK, pixels);
    float factors[2] = {dy[0] * result[1], dy[0] * result[2]};
    for (int pixel = first; pixel < last; pixel += 16) {
        pixels16 p = pixels_at(x, label, pixel, kind, K, area);
        __global float *to = dx + (p.x - x);
        int16 valid = valid16(p);
        float16 y = vload16(0, p.label), logit = vload16(0, p.x), none = 0.0f;
        float16 factor = select((float16)(factors[0]), (float16)(factors[1]), kind == 1 ? y >= 1.0f : (int16)(0));
        if (kind <= 1) {
            classes_dx(p, to, factor, valid);
        } else if (kind == 3) {
            normals_dx(p, to, factor, valid);
        } else if (kind == 2) {
            vstore16(select(none, factor * edge_slope(logit, y), valid), 0, to);
        } else {
            float16 slope = select(select(none, -factor, logit < y), factor, logit > y);
            vstore16(select(none, slope, valid), 0, to);
        }
    }
}
