#include "data/rooms_layout.h"

te_frame te_layout_wall(const te_layout *layout, int wall, float *length)
{
    const te_vec corners[TE_LAYOUT_WALLS] = {
        {0, 0, 0}, {layout->width, 0, 0}, {layout->width, 0, layout->depth}, {0, 0, layout->depth},
    };
    *length = wall % 2 == 0 ? layout->width : layout->depth;
    return te_frame_upright(corners[wall], -0.5f * TE_PI * (float)wall);
}

te_spot te_spot_of(const te_frame *frame, te_vec size, float margin)
{
    return (te_spot){
        .x = frame->origin.x, .z = frame->origin.z,
        .half_x = size.x / 2 + margin, .half_z = size.z / 2 + margin,
        .c = frame->z.z, .s = frame->z.x,
        .low = frame->origin.y, .high = frame->origin.y + size.y,
    };
}

/* Half the length of a block's shadow on a horizontal direction. */
static float reach(const te_spot *spot, float x, float z)
{
    return spot->half_x * fabsf(x * spot->c - z * spot->s) + spot->half_z * fabsf(x * spot->s + z * spot->c);
}

/* Rectangles are apart if their shadows are on one of their four axes. */
static int overlap(const te_spot *a, const te_spot *b)
{
    if (a->low >= b->high || b->low >= a->high) {
        return 0;
    }
    const float axes[4][2] = {{a->c, -a->s}, {a->s, a->c}, {b->c, -b->s}, {b->s, b->c}};
    for (int i = 0; i < 4; i++) {
        float x = axes[i][0], z = axes[i][1], distance = fabsf((a->x - b->x) * x + (a->z - b->z) * z);
        if (distance >= reach(a, x, z) + reach(b, x, z)) {
            return 0;
        }
    }
    return 1;
}

int te_layout_fits(const te_layout *layout, const te_spot *spot)
{
    float x = reach(spot, 1, 0), z = reach(spot, 0, 1);
    if (spot->x < x - 0.001f || spot->z < z - 0.001f || spot->x > layout->width - x + 0.001f
        || spot->z > layout->depth - z + 0.001f || spot->high > layout->height) {
        return 0;
    }
    for (int i = 0; i < layout->spots_count; i++) {
        if (overlap(spot, &layout->spots[i])) {
            return 0;
        }
    }
    return layout->spots_count < TE_LAYOUT_SPOTS;
}

void te_layout_take(te_layout *layout, const te_spot *spot)
{
    if (layout->spots_count < TE_LAYOUT_SPOTS) {
        layout->spots[layout->spots_count++] = *spot;
    }
}

int te_layout_is_free(const te_layout *layout, te_vec centre, float radius)
{
    te_spot ball = {centre.x, centre.z, radius, radius, 1, 0, centre.y - radius, centre.y + radius};
    return centre.y > radius && te_layout_fits(layout, &ball);
}
