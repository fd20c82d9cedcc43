/* Vectors and frames of the generated rooms. World: metres, y up, right-handed. */
#ifndef TE_DATA_ROOMS_VECTOR_H
#define TE_DATA_ROOMS_VECTOR_H

#include <math.h>

/* The same numbers with and without fused multiply-add; gcc -std=c11 sees to it by itself. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define TE_PI 3.14159265f

typedef struct te_vec {
    float x, y, z;
} te_vec;

static inline te_vec te_vec_add(te_vec a, te_vec b)
{
    return (te_vec){a.x + b.x, a.y + b.y, a.z + b.z};
}

static inline te_vec te_vec_sub(te_vec a, te_vec b)
{
    return (te_vec){a.x - b.x, a.y - b.y, a.z - b.z};
}

static inline te_vec te_vec_scale(te_vec a, float k)
{
    return (te_vec){a.x * k, a.y * k, a.z * k};
}

/* Component by component: colours. */
static inline te_vec te_vec_mul(te_vec a, te_vec b)
{
    return (te_vec){a.x * b.x, a.y * b.y, a.z * b.z};
}

static inline float te_vec_dot(te_vec a, te_vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline te_vec te_vec_cross(te_vec a, te_vec b)
{
    return (te_vec){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static inline float te_vec_length(te_vec a)
{
    return sqrtf(te_vec_dot(a, a));
}

/* The vector divided by its length; y where that is 0. */
static inline te_vec te_vec_unit(te_vec a)
{
    float length = te_vec_length(a);
    return length > 1e-12f ? te_vec_scale(a, 1.0f / length) : (te_vec){0, 1, 0};
}

static inline te_vec te_vec_mix(te_vec a, te_vec b, float share)
{
    return (te_vec){a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), a.z + share * (b.z - a.z)};
}

static inline float te_clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

/* Where an object stands: its origin and its axes, orthonormal and right-handed, in world coordinates. */
typedef struct te_frame {
    te_vec origin, x, y, z;
} te_frame;

static inline te_vec te_frame_along(const te_frame *frame, te_vec v)
{
    return te_vec_add(te_vec_scale(frame->x, v.x), te_vec_add(te_vec_scale(frame->y, v.y),
                                                               te_vec_scale(frame->z, v.z)));
}

static inline te_vec te_frame_point(const te_frame *frame, te_vec p)
{
    return te_vec_add(frame->origin, te_frame_along(frame, p));
}

/* A world direction in the frame's coordinates. */
static inline te_vec te_frame_direction(const te_frame *frame, te_vec v)
{
    return (te_vec){te_vec_dot(frame->x, v), te_vec_dot(frame->y, v), te_vec_dot(frame->z, v)};
}

/* A world point in the frame's coordinates. */
static inline te_vec te_frame_locate(const te_frame *frame, te_vec p)
{
    return te_frame_direction(frame, te_vec_sub(p, frame->origin));
}

static inline te_frame te_frame_moved(const te_frame *frame, float x, float y, float z)
{
    te_frame moved = *frame;
    moved.origin = te_frame_point(frame, (te_vec){x, y, z});
    return moved;
}

/* Turned about its own x, y or z axis by an angle, counter-clockwise seen from the axis' tip. */
static inline te_frame te_frame_turned(const te_frame *frame, char axis, float angle)
{
    te_frame turned = *frame;
    te_vec *first = axis == 'x' ? &turned.y : axis == 'y' ? &turned.z : &turned.x;
    te_vec *second = axis == 'x' ? &turned.z : axis == 'y' ? &turned.x : &turned.y;
    te_vec old = *first;
    float c = cosf(angle), s = sinf(angle);
    *first = te_vec_add(te_vec_scale(old, c), te_vec_scale(*second, s));
    *second = te_vec_sub(te_vec_scale(*second, c), te_vec_scale(old, s));
    return turned;
}

/* An upright frame whose z axis points along the yaw: 0 is world z, a quarter turn world x. */
static inline te_frame te_frame_upright(te_vec origin, float yaw)
{
    const te_frame world = {origin, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    return te_frame_turned(&world, 'y', yaw);
}

/* A frame at `origin` whose y axis is `along` (of any length); the other two are arbitrary. */
static inline te_frame te_frame_around(te_vec origin, te_vec along)
{
    te_frame frame = {.origin = origin, .y = te_vec_unit(along)};
    te_vec other = fabsf(frame.y.x) < 0.6f ? (te_vec){1, 0, 0} : (te_vec){0, 0, 1};
    frame.z = te_vec_unit(te_vec_cross(other, frame.y));
    frame.x = te_vec_cross(frame.y, frame.z);
    return frame;
}

/* A frame at `origin` with y along `up` exactly and z as near to `front` as that allows. */
static inline te_frame te_frame_facing(te_vec origin, te_vec up, te_vec front)
{
    te_frame frame = {.origin = origin, .y = te_vec_unit(up)};
    te_vec side = te_vec_cross(frame.y, front);
    if (te_vec_dot(side, side) < 1e-8f) {
        return te_frame_around(origin, up);
    }
    frame.x = te_vec_unit(side);
    frame.z = te_vec_cross(frame.x, frame.y);
    return frame;
}

#endif
