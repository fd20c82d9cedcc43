#include "data/rooms_solid.h"

typedef struct te_line { /* a ray in the solid's frame, its origin moved to where it is nearest to the centre */
    te_vec o, d;
    float near, far;
} te_line;

/* Where a line enters and leaves the slab |p| <= half. */
static void cut_slab(float o, float d, float half, float *enter, float *leave)
{
    float inverse = 1.0f / (fabsf(d) > 1e-12f ? d : 1e-12f);
    float a = (-half - o) * inverse, b = (half - o) * inverse;
    float low = a < b ? a : b, high = a < b ? b : a;
    *enter = low > *enter ? low : *enter;
    *leave = high < *leave ? high : *leave;
}

static float meet_box(const te_line *line, te_vec size, float *leave)
{
    float enter = -INFINITY;
    *leave = INFINITY;
    cut_slab(line->o.x, line->d.x, size.x, &enter, leave);
    cut_slab(line->o.y, line->d.y, size.y, &enter, leave);
    cut_slab(line->o.z, line->d.z, size.z, &enter, leave);
    return enter <= *leave && enter > line->near && enter < line->far ? enter : TE_NO_HIT;
}

static float beyond(float x, float inner)
{
    return copysignf(fmaxf(fabsf(x) - inner, 0), x);
}

/* Along a line the distance to a convex solid is a convex function: Newton's steps from the left run up to its
 * first zero without passing it. They start where the line enters the box. 1e-5 m is far below the size of a
 * pixel. */
static float meet_round_box(const te_line *line, te_vec size, float round)
{
    enum { STEPS = 24 };
    float leave, t = meet_box(line, size, &leave);
    for (int step = 0; step < STEPS && t < leave; step++) {
        te_vec p = te_vec_add(line->o, te_vec_scale(line->d, t));
        te_vec rest = {beyond(p.x, size.x - round), beyond(p.y, size.y - round), beyond(p.z, size.z - round)};
        float length = te_vec_length(rest), distance = length - round;
        if (distance < 1e-5f) {
            return t < line->far ? t : TE_NO_HIT;
        }
        float growth = te_vec_dot(rest, line->d) / length;
        if (growth > -1e-5f) {
            return TE_NO_HIT;
        }
        t -= distance / growth;
    }
    return TE_NO_HIT;
}

static float meet_ellipsoid(const te_line *line, te_vec radii)
{
    te_vec o = {line->o.x / radii.x, line->o.y / radii.y, line->o.z / radii.z};
    te_vec d = {line->d.x / radii.x, line->d.y / radii.y, line->d.z / radii.z};
    float a = te_vec_dot(d, d), middle = -te_vec_dot(o, d) / a;
    te_vec p = te_vec_add(o, te_vec_scale(d, middle));
    float rest = 1.0f - te_vec_dot(p, p);
    if (rest <= 0) {
        return TE_NO_HIT;
    }
    float t = middle - sqrtf(rest / a);
    return t > line->near && t < line->far ? t : TE_NO_HIT;
}

static float meet_cap(const te_line *line, float y, float radius)
{
    float side = y < 0 ? -1.0f : 1.0f;
    if (line->d.y * side >= -1e-9f) {
        return TE_NO_HIT;
    }
    float t = (y - line->o.y) / line->d.y;
    float x = line->o.x + t * line->d.x, z = line->o.z + t * line->d.z;
    return x * x + z * z <= radius * radius && t > line->near && t < line->far ? t : TE_NO_HIT;
}

/* The mantle satisfies x^2 + z^2 = (middle + slope y)^2; a root counts where the ray comes from outside. */
static float meet_mantle(const te_line *line, te_vec size)
{
    float middle = (size.x + size.z) / 2, slope = (size.z - size.x) / (2 * size.y);
    te_vec o = line->o, d = line->d;
    float radius = middle + slope * o.y, growth = slope * d.y;
    float a = d.x * d.x + d.z * d.z - growth * growth;
    float b = o.x * d.x + o.z * d.z - radius * growth;
    float c = o.x * o.x + o.z * o.z - radius * radius;
    float rest = b * b - a * c;
    if (rest <= 0 || fabsf(a) < 1e-12f) {
        return TE_NO_HIT;
    }
    float root = sqrtf(rest), best = TE_NO_HIT;
    for (int sign = -1; sign <= 1; sign += 2) {
        float t = (-b + (float)sign * root) / a, y = o.y + t * d.y;
        float outward = a * t + b; /* half the growth of x^2 + z^2 - r^2 along the ray: negative where it enters */
        if (t > line->near && t < line->far && t < best && fabsf(y) <= size.y && outward < 0
            && middle + slope * y >= 0) {
            best = t;
        }
    }
    return best;
}

static float meet_frustum(const te_line *line, te_vec size)
{
    float best = meet_mantle(line, size);
    best = fminf(best, meet_cap(line, -size.y, size.x));
    return fminf(best, meet_cap(line, size.y, size.z));
}

/* A ray that enters the endless cylinder beyond an end can only meet that end's ball first. */
static float meet_capsule(const te_line *line, float radius, float half)
{
    te_vec o = line->o, d = line->d;
    float a = d.x * d.x + d.z * d.z, end = d.y < 0 ? half : -half;
    if (a > 1e-10f) {
        float middle = -(o.x * d.x + o.z * d.z) / a;
        float x = o.x + middle * d.x, z = o.z + middle * d.z;
        float rest = radius * radius - x * x - z * z;
        if (rest <= 0) {
            return TE_NO_HIT;
        }
        float t = middle - sqrtf(rest / a), y = o.y + t * d.y;
        if (fabsf(y) <= half) {
            return t > line->near && t < line->far ? t : TE_NO_HIT;
        }
        end = y > 0 ? half : -half;
    }
    float middle = -(o.x * d.x + (o.y - end) * d.y + o.z * d.z);
    te_vec p = te_vec_add((te_vec){o.x, o.y - end, o.z}, te_vec_scale(d, middle));
    float rest = radius * radius - te_vec_dot(p, p);
    if (rest <= 0) {
        return TE_NO_HIT;
    }
    float t = middle - sqrtf(rest);
    return t > line->near && t < line->far ? t : TE_NO_HIT;
}

float te_solid_meet(const te_solid *solid, te_vec origin, te_vec direction, float near, float far)
{
    te_vec o = te_frame_locate(&solid->frame, origin), d = te_frame_direction(&solid->frame, direction);
    float shift = -te_vec_dot(o, d), leave; /* small numbers near the surface: less rounding in the roots */
    te_line line = {te_vec_add(o, te_vec_scale(d, shift)), d, near - shift, far - shift};
    switch ((te_shape)solid->shape) {
    case TE_SHAPE_BOX:
        return shift + meet_box(&line, solid->size, &leave);
    case TE_SHAPE_ROUND_BOX:
        return shift + meet_round_box(&line, solid->size, solid->round);
    case TE_SHAPE_ELLIPSOID:
        return shift + meet_ellipsoid(&line, solid->size);
    case TE_SHAPE_FRUSTUM:
        return shift + meet_frustum(&line, solid->size);
    case TE_SHAPE_CAPSULE:
        return shift + meet_capsule(&line, solid->size.x, solid->size.y);
    }
    return TE_NO_HIT;
}

/* The face that the point is nearest to. */
static te_vec normal_box(te_vec p, te_vec size)
{
    float x = fabsf(p.x) - size.x, y = fabsf(p.y) - size.y, z = fabsf(p.z) - size.z;
    if (x >= y && x >= z) {
        return (te_vec){copysignf(1, p.x), 0, 0};
    }
    return y >= z ? (te_vec){0, copysignf(1, p.y), 0} : (te_vec){0, 0, copysignf(1, p.z)};
}

static te_vec normal_round_box(te_vec p, te_vec size, float round)
{
    te_vec rest = {
        copysignf(fmaxf(fabsf(p.x) - size.x + round, 0), p.x),
        copysignf(fmaxf(fabsf(p.y) - size.y + round, 0), p.y),
        copysignf(fmaxf(fabsf(p.z) - size.z + round, 0), p.z),
    };
    return te_vec_dot(rest, rest) > 0.25f * round * round ? te_vec_unit(rest) : normal_box(p, size);
}

static te_vec normal_frustum(te_vec p, te_vec size)
{
    float slope = (size.z - size.x) / (2 * size.y), radius = sqrtf(p.x * p.x + p.z * p.z);
    float to_cap = size.y - fabsf(p.y), to_mantle = fabsf(radius - (size.x + size.z) / 2 - slope * p.y);
    if (to_cap < to_mantle || radius < 1e-9f) {
        return (te_vec){0, copysignf(1, p.y), 0};
    }
    return te_vec_unit((te_vec){p.x / radius, -slope, p.z / radius});
}

te_vec te_solid_normal(const te_solid *solid, te_vec p)
{
    te_vec size = solid->size, normal = {0, 1, 0};
    switch ((te_shape)solid->shape) {
    case TE_SHAPE_BOX:
        normal = normal_box(p, size);
        break;
    case TE_SHAPE_ROUND_BOX:
        normal = normal_round_box(p, size, solid->round);
        break;
    case TE_SHAPE_ELLIPSOID:
        normal = te_vec_unit((te_vec){p.x / (size.x * size.x), p.y / (size.y * size.y), p.z / (size.z * size.z)});
        break;
    case TE_SHAPE_FRUSTUM:
        normal = normal_frustum(p, size);
        break;
    case TE_SHAPE_CAPSULE:
        normal = te_vec_unit((te_vec){p.x, p.y - te_clamp(p.y, -size.y, size.y), p.z});
        break;
    }
    return te_vec_unit(te_frame_along(&solid->frame, normal)); /* axes are orthonormal up to rounding */
}

static float extent_along(const te_solid *solid, float x, float y, float z)
{
    te_vec size = solid->size;
    x = fabsf(x);
    y = fabsf(y);
    z = fabsf(z);
    switch ((te_shape)solid->shape) {
    case TE_SHAPE_ELLIPSOID:
        return sqrtf(x * x * size.x * size.x + y * y * size.y * size.y + z * z * size.z * size.z);
    case TE_SHAPE_FRUSTUM:
        return y * size.y + fmaxf(size.x, size.z) * sqrtf(fmaxf(1 - y * y, 0));
    case TE_SHAPE_CAPSULE:
        return y * size.y + size.x;
    default:
        return x * size.x + y * size.y + z * size.z;
    }
}

te_vec te_solid_extent(const te_solid *solid)
{
    const te_frame *f = &solid->frame;
    const float margin = 1e-4f;
    return (te_vec){
        extent_along(solid, f->x.x, f->y.x, f->z.x) + margin,
        extent_along(solid, f->x.y, f->y.y, f->z.y) + margin,
        extent_along(solid, f->x.z, f->y.z, f->z.z) + margin,
    };
}
