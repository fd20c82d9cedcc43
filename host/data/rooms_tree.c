#include "data/rooms_tree.h"

#include <stdlib.h>
#include <string.h>

/* Below DEPTH / 2 levels ranges are halved, so that 4^(DEPTH / 2) solids would be needed to go below DEPTH. */
enum { BINS = 8, DEPTH = 32, STACK = DEPTH * (TE_TREE_WIDTH - 1) + TE_TREE_WIDTH };

typedef struct te_bounds {
    te_vec low, high;
} te_bounds;

static te_bounds nothing(void)
{
    return (te_bounds){{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
}

static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static te_bounds join(te_bounds a, te_bounds b)
{
    return (te_bounds){
        {smaller(a.low.x, b.low.x), smaller(a.low.y, b.low.y), smaller(a.low.z, b.low.z)},
        {larger(a.high.x, b.high.x), larger(a.high.y, b.high.y), larger(a.high.z, b.high.z)},
    };
}

static te_bounds bounds_of(const te_solid *solid)
{
    te_vec extent = te_solid_extent(solid);
    return (te_bounds){te_vec_sub(solid->frame.origin, extent), te_vec_add(solid->frame.origin, extent)};
}

/* Half the surface: how likely a ray that passes meets the box. */
static float surface(te_bounds b)
{
    te_vec d = te_vec_sub(b.high, b.low);
    return d.x < 0 ? 0 : d.x * d.y + d.y * d.z + d.z * d.x;
}

static float component(te_vec v, int axis)
{
    return axis == 0 ? v.x : axis == 1 ? v.y : v.z;
}

/* A tree that grows, and its solids' bounds. */
typedef struct te_growth {
    te_tree *tree;
    te_bounds *bounds;
} te_growth;

typedef struct te_split {
    int axis, bin; /* solids in bins up to `bin` go to the first half */
    float low, scale, cost;
} te_split;

static te_vec middle(const te_bounds *b)
{
    return te_vec_mix(b->low, b->high, 0.5f);
}

static int bin_of(const te_split *split, const te_bounds *bounds)
{
    int bin = (int)((component(middle(bounds), split->axis) - split->low) * split->scale);
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
}

/* The cheapest of the splits between bins along one axis, if it is cheaper than *best. */
static void try_axis(const te_growth *growth, const int *order, int count, te_bounds centres, int axis,
                     te_split *best)
{
    float low = component(centres.low, axis), span = component(centres.high, axis) - low;
    if (span < 1e-6f) {
        return;
    }
    te_split split = {axis, 0, low, BINS / span, 0};
    te_bounds bounds[BINS], left = nothing();
    int counts[BINS] = {0};
    for (int i = 0; i < BINS; i++) {
        bounds[i] = nothing();
    }
    for (int i = 0; i < count; i++) {
        const te_bounds *solid = &growth->bounds[order[i]];
        int bin = bin_of(&split, solid);
        counts[bin]++;
        bounds[bin] = join(bounds[bin], *solid);
    }
    float after[BINS]; /* surface times number of the bins behind each place */
    te_bounds right = nothing();
    for (int i = BINS - 1, number = 0; i > 0; i--) {
        right = join(right, bounds[i]);
        number += counts[i];
        after[i - 1] = surface(right) * (float)number;
    }
    for (int i = 0, number = 0; i < BINS - 1; i++) {
        left = join(left, bounds[i]);
        number += counts[i];
        split.cost = surface(left) * (float)number + after[i];
        split.bin = i;
        if (number > 0 && number < count && split.cost < best->cost) {
            *best = split;
        }
    }
}

/* A part of the solids: order[0] to order[count - 1]. */
typedef struct te_range {
    te_bounds bounds;
    int *order, count;
} te_range;

static te_range range_of(const te_growth *growth, int *order, int count)
{
    te_range range = {nothing(), order, count};
    for (int i = 0; i < count; i++) {
        range.bounds = join(range.bounds, growth->bounds[order[i]]);
    }
    return range;
}

/* Cuts a range of two solids or more in two, at the cheapest place or, deep down and where all lie on one spot, in
 * the middle of the list. */
static void divide(const te_growth *growth, te_range *range, te_range *other, int depth)
{
    int *order = range->order, count = range->count, front = 0;
    te_bounds centres = nothing();
    for (int i = 0; i < count; i++) {
        te_vec centre = middle(&growth->bounds[order[i]]);
        centres = join(centres, (te_bounds){centre, centre});
    }
    te_split best = {.axis = -1, .cost = INFINITY};
    for (int i = 0; i < 3 && depth < DEPTH / 2; i++) {
        try_axis(growth, order, count, centres, i, &best);
    }
    for (int i = 0; i < count && best.axis >= 0; i++) {
        if (bin_of(&best, &growth->bounds[order[i]]) <= best.bin) {
            int moved = order[front];
            order[front++] = order[i];
            order[i] = moved;
        }
    }
    if (best.axis < 0) {
        front = count / 2;
    }
    *other = range_of(growth, order + front, count - front);
    *range = range_of(growth, order, front);
}

static void set_bounds(te_tree_node *node, int part, te_bounds b)
{
    const float low[3] = {b.low.x, b.low.y, b.low.z}, high[3] = {b.high.x, b.high.y, b.high.z};
    for (int axis = 0; axis < 3; axis++) {
        node->bounds[axis][0][part] = low[axis];
        node->bounds[axis][1][part] = high[axis];
    }
}

/* Fills node `at` with the solids of a range, cut into four by cutting the largest part again and again. */
static void grow(const te_growth *growth, int at, te_range all, int depth)
{
    te_tree *tree = growth->tree;
    te_range parts[TE_TREE_WIDTH] = {all};
    int count = all.count > 0, largest = all.count > 1 ? 0 : -1;
    while (count < TE_TREE_WIDTH && largest >= 0) {
        divide(growth, &parts[largest], &parts[count], depth);
        count++;
        largest = -1;
        for (int i = 0; i < count; i++) {
            if (parts[i].count > 1 && (largest < 0 || surface(parts[i].bounds) > surface(parts[largest].bounds))) {
                largest = i;
            }
        }
    }
    const te_bounds absent = {{1e30f, 1e30f, 1e30f}, {1e30f, 1e30f, 1e30f}};
    for (int i = 0; i < TE_TREE_WIDTH; i++) {
        te_tree_node *node = &tree->nodes[at];
        set_bounds(node, i, i < count ? parts[i].bounds : absent);
        node->part[i] = i < count ? -1 - parts[i].order[0] : 0;
        if (i < count && parts[i].count > 1) {
            node->part[i] = tree->nodes_count++;
            grow(growth, node->part[i], parts[i], depth + 1);
        }
    }
}

te_status te_tree_create(te_tree *tree, const te_solid *solids, int count)
{
    *tree = (te_tree){.solids = solids, .nodes_count = 1};
    tree->nodes = te_alloc((size_t)count + 1, sizeof *tree->nodes, "a generated room"); /* each cuts a solid off */
    int *order = te_alloc((size_t)count + 1, sizeof *order, "a generated room");
    te_growth growth = {tree, te_alloc((size_t)count + 1, sizeof *growth.bounds, "a generated room")};
    te_status status = tree->nodes && order && growth.bounds ? TE_OK : TE_ERR_MEMORY;
    if (status == TE_OK) {
        for (int i = 0; i < count; i++) {
            order[i] = i;
            growth.bounds[i] = bounds_of(&solids[i]);
        }
        grow(&growth, 0, range_of(&growth, order, count), 0);
    } else {
        te_tree_free(tree);
    }
    free(growth.bounds);
    free(order);
    return status;
}

void te_tree_free(te_tree *tree)
{
    free(tree->nodes);
    *tree = (te_tree){0};
}

/* Four numbers at a time. */
typedef float te_four __attribute__((vector_size(16)));
typedef int te_four_int __attribute__((vector_size(16)));

typedef struct te_ray {
    te_four origin[3], inverse[3]; /* each number four times */
    int back[3];                   /* 1 where the ray runs against the axis: it meets the upper bound first */
} te_ray;

static te_ray ray_of(te_vec o, te_vec d)
{
    te_ray ray;
    const float from[3] = {o.x, o.y, o.z}, along[3] = {d.x, d.y, d.z};
    for (int axis = 0; axis < 3; axis++) {
        float inverse = 1.0f / (fabsf(along[axis]) > 1e-12f ? along[axis] : 1e-12f);
        ray.origin[axis] = (te_four){from[axis], from[axis], from[axis], from[axis]};
        ray.inverse[axis] = (te_four){inverse, inverse, inverse, inverse};
        ray.back[axis] = inverse < 0;
    }
    return ray;
}

static inline te_four choose(te_four_int which, te_four a, te_four b)
{
    return (te_four)((which & (te_four_int)a) | (~which & (te_four_int)b));
}

/* Where the ray enters and leaves the boxes of a node's parts; it passes by those that it would leave before. */
static inline void enter_parts(const te_tree_node *node, const te_ray *ray, float near, float far,
                               float in[TE_TREE_WIDTH], float out[TE_TREE_WIDTH])
{
    te_four enter = {near, near, near, near}, leave = {far, far, far, far};
    for (int axis = 0; axis < 3; axis++) {
        te_four a, b;
        memcpy(&a, node->bounds[axis][ray->back[axis]], sizeof a);
        memcpy(&b, node->bounds[axis][!ray->back[axis]], sizeof b);
        a = (a - ray->origin[axis]) * ray->inverse[axis];
        b = (b - ray->origin[axis]) * ray->inverse[axis];
        enter = choose(a > enter, a, enter);
        leave = choose(b < leave, b, leave);
    }
    memcpy(in, &enter, sizeof enter);
    memcpy(out, &leave, sizeof leave);
}

/* A part still to be looked into. */
typedef struct te_waiting {
    int part;
    float in;
} te_waiting;

int te_tree_nearest(const te_tree *tree, te_vec origin, te_vec direction, float near, float *far)
{
    te_ray ray = ray_of(origin, direction);
    te_waiting stack[STACK];
    int top = 0, hit = -1;
    stack[top++] = (te_waiting){0, near};
    while (top > 0) {
        te_waiting next = stack[--top];
        if (next.in >= *far) {
            continue;
        }
        if (next.part < 0) {
            float t = te_solid_meet(&tree->solids[-1 - next.part], origin, direction, near, *far);
            if (t < *far) {
                *far = t;
                hit = -1 - next.part;
            }
            continue;
        }
        const te_tree_node *node = &tree->nodes[next.part];
        float in[TE_TREE_WIDTH], out[TE_TREE_WIDTH];
        int bottom = top;
        enter_parts(node, &ray, near, *far, in, out);
        for (int i = 0; i < TE_TREE_WIDTH; i++) {
            if (in[i] <= out[i]) { /* the nearest part goes on top */
                int place = top++;
                for (; place > bottom && stack[place - 1].in < in[i]; place--) {
                    stack[place] = stack[place - 1];
                }
                stack[place] = (te_waiting){node->part[i], in[i]};
            }
        }
    }
    return hit;
}

int te_tree_blocked(const te_tree *tree, te_vec origin, te_vec direction, float near, float far)
{
    te_ray ray = ray_of(origin, direction);
    int stack[STACK], top = 0;
    stack[top++] = 0;
    while (top > 0) {
        const te_tree_node *node = &tree->nodes[stack[--top]];
        float in[TE_TREE_WIDTH], out[TE_TREE_WIDTH];
        enter_parts(node, &ray, near, far, in, out);
        for (int i = 0; i < TE_TREE_WIDTH; i++) {
            if (in[i] > out[i]) {
                continue;
            }
            if (node->part[i] >= 0) {
                stack[top++] = node->part[i];
                continue;
            }
            const te_solid *solid = &tree->solids[-1 - node->part[i]];
            if (!solid->ghost && te_solid_meet(solid, origin, direction, near, far) < TE_NO_HIT) {
                return 1;
            }
        }
    }
    return 0;
}
