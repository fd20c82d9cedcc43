/* loss: the tasks' losses (MODEL.md section 6) and their gradients. Planar logits (B,K,H,W), labels (B,1,H,W) or
 * (B,3,H,W).
 *
 * kind 0: soft-max cross-entropy over K classes, sum / valid pixels; labels outside 0 ... K-1 (255) are ignored.
 * kind 1: the same over two classes with weights (1-p, p), p = negatives / valid of the batch.
 * kind 2: edge: w y softplus(-x) + (1-w) (1-y) softplus(x), w = 0.95, mean over valid; labels outside 0 ... 1 are
 * ignored.
 * kind 3: normals: sum over 3 channels of |x/|x| - label|, mean over valid; labels shorter than 0.5 are ignored.
 * kind 4: depth: |x - label|, mean over valid; labels <= 0 are ignored.
 *
 * loss_partial: sums over BLOCK pixels: (of class 0 or all, of class 1, pixels of class 0 or all, of class 1). A
 * work-item takes every (pixels/BLOCK)-th pixel: neighbours read neighbours. global (pixels/BLOCK rounded up).
 * loss_total: -> result (4): loss, factors of the gradient for class 0 (or all) and class 1, valid pixels. With
 * `pixels` (2), those of a larger batch, the means are over that one. One work-item.
 * loss_dx: dlogits = dy[0] factor d(pixel's loss)/d(logits). global (pixels).
 */
#include "real.clh"

#define BLOCK 256 /* as in host/ops/loss.c */
#define EDGE_WEIGHT 0.95f

static inline acc softplus(acc x)
{
    return fmax(x, 0.0f) + log1p(exp(-fabs(x)));
}

static inline acc sigmoid(acc x)
{
    return 1.0f / (1.0f + exp(-x));
}

/* Where a pixel's channel 0 lies; channels are `area` apart. */
static inline size_t channel0(int pixel, int area, int channels)
{
    return (size_t)(pixel / area) * (size_t)channels * (size_t)area + (size_t)(pixel % area);
}

/* log of the soft-max's denominator, and what it is relative to. */
static inline acc log_sum(__global const real *restrict x, size_t at, int K, int area, acc *most)
{
    acc peak = LOAD(x, at), total = 0.0f;
    for (int k = 1; k < K; k++) {
        acc value = LOAD(x, at + (size_t)k * (size_t)area);
        peak = value > peak ? value : peak;
    }
    for (int k = 0; k < K; k++) {
        total += exp(LOAD(x, at + (size_t)k * (size_t)area) - peak);
    }
    *most = peak;
    return log(total);
}

static inline acc length3(__global const real *restrict x, size_t at, int area)
{
    acc a = LOAD(x, at), b = LOAD(x, at + (size_t)area), c = LOAD(x, at + (size_t)(2 * area));
    return sqrt(a * a + b * b + c * c);
}

/* Is the pixel's label one? Its class is 1 for kind 1 where the label is, else 0. */
static inline bool valid_label(__global const real *restrict label, size_t at, int kind, int K, int area)
{
    acc value = LOAD(label, at);
    return kind <= 1   ? value >= 0.0f && value < (acc)K
           : kind == 2 ? value >= 0.0f && value <= 1.0f
           : kind == 3 ? length3(label, at, area) >= 0.5f
                       : value > 0.0f;
}

static inline acc pixel_loss(__global const real *restrict x, __global const real *restrict label, size_t at,
                             size_t mark, int kind, int K, int area)
{
    acc y = LOAD(label, mark), most;
    if (kind <= 1) {
        acc log_total = log_sum(x, at, K, area, &most);
        return log_total + most - LOAD(x, at + (size_t)((int)y) * (size_t)area);
    }
    if (kind == 2) {
        acc logit = LOAD(x, at);
        return EDGE_WEIGHT * y * softplus(-logit) + (1.0f - EDGE_WEIGHT) * (1.0f - y) * softplus(logit);
    }
    if (kind == 4) {
        return fabs(LOAD(x, at) - y);
    }
    acc inverse = 1.0f / fmax(length3(x, at, area), 1e-12f), sum = 0.0f;
    for (int k = 0; k < 3; k++) {
        sum += fabs(LOAD(x, at + (size_t)(k * area)) * inverse - LOAD(label, mark + (size_t)(k * area)));
    }
    return sum;
}

__kernel void loss_partial(__global const real *restrict x, __global const real *restrict label,
                           __global real *restrict partial, int pixels, int kind, int K, int area)
{
    int block = (int)get_global_id(0), blocks = (pixels - 1) / BLOCK + 1;
    if (block >= blocks) {
        return;
    }
    acc sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int pixel = block; pixel < pixels; pixel += blocks) {
        size_t at = channel0(pixel, area, K), mark = channel0(pixel, area, kind == 3 ? 3 : 1);
        if (valid_label(label, mark, kind, K, area)) {
            bool one = kind == 1 && LOAD(label, mark) >= 1.0f;
            acc value = pixel_loss(x, label, at, mark, kind, K, area);
            sums[0] += one ? 0.0f : value;
            sums[1] += one ? value : 0.0f;
            sums[2] += one ? 0.0f : 1.0f;
            sums[3] += one ? 1.0f : 0.0f;
        }
    }
    for (int i = 0; i < 4; i++) {
        STORE(partial, (size_t)block * 4 + (size_t)i, sums[i]);
    }
}

__kernel void loss_total(__global const real *restrict partial, __global const real *restrict pixels,
                         __global real *restrict result, int blocks, int kind, int has_pixels)
{
    acc sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int block = 0; block < blocks && get_global_id(0) == 0; block++) {
        UNROLL for (int i = 0; i < 4; i++) {
            sums[i] += LOAD(partial, (size_t)(4 * block + i));
        }
    }
    if (get_global_id(0) == 0) {
        acc own = sums[2] + sums[3], negatives = has_pixels ? LOAD(pixels, 0) : sums[2];
        acc valid = has_pixels ? negatives + LOAD(pixels, 1) : own, share = valid > 0.0f ? 1.0f / valid : 0.0f;
        acc p = negatives * share;
        acc weight0 = kind == 1 ? (1.0f - p) * share : share, weight1 = kind == 1 ? p * share : share;
        STORE(result, 0, weight0 * sums[0] + weight1 * sums[1]);
        STORE(result, 1, weight0);
        STORE(result, 2, weight1);
        STORE(result, 3, own);
    }
}

/* d(|x/|x| - label| summed)/dx: the sign of each difference, made orthogonal to x, over |x|. */
static inline void normals_dx(__global const real *restrict x, __global const real *restrict label,
                              __global real *restrict dx, size_t at, size_t mark, int area, acc factor)
{
    acc inverse = 1.0f / fmax(length3(x, at, area), 1e-12f), unit[3], sign_of[3], along = 0.0f;
    for (int k = 0; k < 3; k++) {
        unit[k] = LOAD(x, at + (size_t)(k * area)) * inverse;
        acc difference = unit[k] - LOAD(label, mark + (size_t)(k * area));
        sign_of[k] = difference > 0.0f ? 1.0f : difference < 0.0f ? -1.0f : 0.0f;
        along += sign_of[k] * unit[k];
    }
    for (int k = 0; k < 3; k++) {
        STORE(dx, at + (size_t)(k * area), factor * inverse * (sign_of[k] - along * unit[k]));
    }
}

__kernel void loss_dx(__global const real *restrict x, __global const real *restrict label,
                      __global const real *restrict result, __global const real *restrict dy,
                      __global real *restrict dx, int pixels, int kind, int K, int area)
{
    int pixel = (int)get_global_id(0);
    if (pixel >= pixels) {
        return;
    }
    size_t at = channel0(pixel, area, K), mark = channel0(pixel, area, kind == 3 ? 3 : 1);
    bool valid = valid_label(label, mark, kind, K, area);
    acc y = LOAD(label, mark), logit = LOAD(x, at), most;
    acc factor = valid ? LOAD(dy, 0) * LOAD(result, kind == 1 && y >= 1.0f ? 2 : 1) : 0.0f;
    if (kind <= 1) {
        acc log_total = log_sum(x, at, K, area, &most);
        for (int k = 0; k < K; k++) {
            size_t to = at + (size_t)k * (size_t)area;
            acc share = exp(LOAD(x, to) - most - log_total) - (valid && k == (int)y ? 1.0f : 0.0f);
            STORE(dx, to, valid ? factor * share : 0.0f);
        }
    } else if (kind == 2) {
        acc slope = (1.0f - EDGE_WEIGHT) * (1.0f - y) * sigmoid(logit) - EDGE_WEIGHT * y * sigmoid(-logit);
        STORE(dx, at, valid ? factor * slope : 0.0f);
    } else if (kind == 4) {
        STORE(dx, at, valid ? factor * (logit > y ? 1.0f : logit < y ? -1.0f : 0.0f) : 0.0f);
    } else if (valid) {
        normals_dx(x, label, dx, at, mark, area, factor);
    } else {
        for (int k = 0; k < 3; k++) {
            STORE(dx, at + (size_t)(k * area), 0.0f);
        }
    }
}
