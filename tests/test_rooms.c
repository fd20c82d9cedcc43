#include "data/rooms.h"

#include "base/classes.h"
#include "data/picture.h"
#include "data/rooms_layout.h"
#include "data/rooms_tree.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static te_rooms_sample *make(uint64_t seed, uint64_t index, int width, int height)
{
    te_rooms_sample *sample = NULL;
    assert_int_equal(te_rooms_sample_create(&sample, seed, index, width, height), TE_OK);
    assert_int_equal(sample->width, width);
    assert_int_equal(sample->height, height);
    return sample;
}

static size_t pixels_of(const te_rooms_sample *s)
{
    return (size_t)s->width * (size_t)s->height;
}

/* 1 where all pictures of two samples agree to the bit. */
static int same(const te_rooms_sample *a, const te_rooms_sample *b)
{
    size_t n = pixels_of(a);
    return n == pixels_of(b) && a->focal == b->focal && !memcmp(a->rgb, b->rgb, 3 * n)
           && !memcmp(a->semseg, b->semseg, n) && !memcmp(a->human_parts, b->human_parts, n)
           && !memcmp(a->sal, b->sal, n) && !memcmp(a->edge, b->edge, n)
           && !memcmp(a->normals, b->normals, 3 * n * sizeof(float))
           && !memcmp(a->depth, b->depth, n * sizeof(float));
}

/* The point that a pixel shows, in the camera's frame: x right, y up, z towards the camera. */
static void unproject(const te_rooms_sample *s, int x, int y, double point[3])
{
    double z = s->depth[(size_t)y * (size_t)s->width + (size_t)x];
    point[0] = (x + 0.5 - 0.5 * s->width) * z / s->focal;
    point[1] = (0.5 * s->height - y - 0.5) * z / s->focal;
    point[2] = -z;
}

static void check_invariants(const te_rooms_sample *s)
{
    for (size_t i = 0; i < pixels_of(s); i++) {
        const float *n = s->normals + 3 * i;
        double length = sqrt((double)n[0] * n[0] + (double)n[1] * n[1] + (double)n[2] * n[2]), point[3];
        unproject(s, (int)(i % (size_t)s->width), (int)(i / (size_t)s->width), point);
        double facing = n[0] * point[0] + n[1] * point[1] + n[2] * point[2];
        assert_true(fabs(length - 1) < 1e-5);
        assert_true(facing < 1e-3);
        assert_true(isfinite(s->depth[i]) && s->depth[i] > 0 && s->depth[i] < 30);
        assert_in_range(s->semseg[i], 0, TE_ROOMS_CLASSES - 1);
        assert_in_range(s->human_parts[i], 0, 6);
        assert_int_equal(s->human_parts[i] != 0, s->semseg[i] == TE_ROOMS_PERSON);
        assert_in_range(s->edge[i], 0, 1);
        assert_in_range(s->sal[i], 0, 1);
    }
}

static void every_pixel_has_sound_labels(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        te_rooms_sample *s = make(1, i, 80, 60);
        check_invariants(s);
        te_rooms_sample_free(s);
    }
}

static void any_size_works(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {17, 333}, {333, 17}, {2, 1}, {1, 7}, {33, 31}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        te_rooms_sample *s = make(2, i, sizes[i][0], sizes[i][1]);
        check_invariants(s);
        te_rooms_sample_free(s);
    }
    static const int wrong[][2] = {{0, 5}, {5, 0}, {-1, 5}, {TE_ROOMS_LIMIT + 1, 5}, {5, TE_ROOMS_LIMIT + 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        te_rooms_sample *s = NULL;
        assert_int_equal(te_rooms_sample_create(&s, 1, 1, wrong[i][0], wrong[i][1]), TE_ERR_ARGUMENT);
        assert_null(s);
    }
    te_rooms_sample_free(NULL);
}

static int same_normal(const float *a, const float *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] > 0.9999f;
}

/* On planes one over depth is linear along rows and columns, and the cross product of the steps is the normal. */
static void depth_and_normals_agree(void **state)
{
    (void)state;
    size_t tested = 0, all = 0;
    for (uint64_t i = 0; i < 12; i++) {
        te_rooms_sample *s = make(3, i, 160, 120);
        for (int y = 1; y + 1 < s->height; y++) {
            for (int x = 1; x + 1 < s->width; x++) {
                size_t w = (size_t)s->width, at = (size_t)y * w + (size_t)x;
                const float *d = s->depth + at, *n = s->normals + 3 * at;
                double middle = 2.0 / d[0], a[3], b[3], c[3], e[3];
                double flat = fabs(1.0 / d[-1] + 1.0 / d[1] - middle);
                flat += fabs(1.0 / d[-(ptrdiff_t)w] + 1.0 / d[w] - middle);
                all++;
                int alike = same_normal(n, n - 3) && same_normal(n, n + 3) && same_normal(n, n - 3 * w)
                            && same_normal(n, n + 3 * w);
                if (flat * d[0] > 2e-5 || !alike) {
                    continue; /* round, or an outline */
                }
                unproject(s, x - 1, y, a);
                unproject(s, x + 1, y, b);
                unproject(s, x, y + 1, c);
                unproject(s, x, y - 1, e);
                double u[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
                double v[3] = {e[0] - c[0], e[1] - c[1], e[2] - c[2]};
                double m[3] = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
                double length = sqrt(m[0] * m[0] + m[1] * m[1] + m[2] * m[2]);
                double cosine = (m[0] * n[0] + m[1] * n[1] + m[2] * n[2]) / length;
                assert_true(cosine > 0.9999); /* 0.8 degrees */
                tested++;
            }
        }
        te_rooms_sample_free(s);
    }
    assert_true(tested > all / 2);
}

/* The middle one of a class's normals along the camera's y axis. */
static void floors_point_up(void **state)
{
    (void)state;
    size_t floor = 0, ceiling = 0, floor_up = 0, ceiling_down = 0;
    for (uint64_t i = 0; i < 40; i++) {
        te_rooms_sample *s = make(4, i, 40, 30);
        for (size_t k = 0; k < pixels_of(s); k++) {
            if (s->semseg[k] == TE_ROOMS_FLOOR) {
                floor++;
                floor_up += s->normals[3 * k + 1] > 0.6f && s->normals[3 * k + 2] > -0.4f;
            } else if (s->semseg[k] == TE_ROOMS_CEILING) {
                ceiling++;
                ceiling_down += s->normals[3 * k + 1] < -0.6f;
            }
        }
        te_rooms_sample_free(s);
    }
    assert_true(floor > 1000 && ceiling > 200);
    assert_int_equal(floor_up, floor);
    assert_true(ceiling_down * 10 > ceiling * 9); /* beams have sides */
}

static void samples_repeat_and_differ(void **state)
{
    (void)state;
    te_rooms_sample *first = make(7, 11, 64, 48);
    static const uint64_t others[][2] = {{7, 11}, {7, 12}, {8, 11}, {7, 11ull << 32}, {7ull << 32, 11}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        te_rooms_sample *other = make(others[i][0], others[i][1], 64, 48);
        assert_int_equal(same(first, other), i == 0);
        te_rooms_sample_free(other);
    }
    te_rooms_sample_free(first);
}

enum { SHARED = 6 };

static void *make_many(void *result)
{
    te_rooms_sample **samples = result;
    for (uint64_t i = 0; i < SHARED; i++) {
        if (te_rooms_sample_create(&samples[i], 9, i, 48, 36) != TE_OK) {
            samples[i] = NULL;
        }
    }
    return NULL;
}

static void threads_make_the_same(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    te_rooms_sample *samples[THREADS][SHARED], *alone[SHARED];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, samples[i]), 0);
    }
    make_many(alone);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (int k = 0; k < SHARED; k++) {
            assert_non_null(samples[i][k]);
            assert_true(same(samples[i][k], alone[k]));
            te_rooms_sample_free(samples[i][k]);
        }
    }
    for (int k = 0; k < SHARED; k++) {
        te_rooms_sample_free(alone[k]);
    }
}

/* A size only says how finely a room is seen: the class at the middle stays mostly the same. */
static void sizes_show_the_same_room(void **state)
{
    (void)state;
    int agree = 0;
    for (uint64_t i = 0; i < 20; i++) {
        te_rooms_sample *small = make(10, i, 31, 31), *large = make(10, i, 93, 93);
        agree += small->semseg[15 * 31 + 15] == large->semseg[46 * 93 + 46];
        assert_true(fabsf(large->focal - 3 * small->focal) < 1e-3f * large->focal);
        te_rooms_sample_free(small);
        te_rooms_sample_free(large);
    }
    assert_int_equal(agree, 20); /* the central rays are one */
}

static void every_class_and_part_appears(void **state)
{
    (void)state;
    enum { SCENES = 200 };
    int scenes[TE_ROOMS_CLASSES] = {0}, parts[7] = {0}, with_people = 0;
    for (uint64_t i = 0; i < SCENES; i++) {
        te_rooms_sample *s = make(12, i, 64, 48);
        size_t classes[TE_ROOMS_CLASSES] = {0}, kinds[7] = {0};
        for (size_t k = 0; k < pixels_of(s); k++) {
            classes[s->semseg[k]]++;
            kinds[s->human_parts[k]]++;
        }
        for (int c = 0; c < TE_ROOMS_CLASSES; c++) {
            scenes[c] += classes[c] >= 4;
        }
        for (int c = 0; c < 7; c++) {
            parts[c] += kinds[c] >= 4;
        }
        with_people += classes[TE_ROOMS_PERSON] * 100 >= pixels_of(s);
        te_rooms_sample_free(s);
    }
    for (int c = 0; c < TE_ROOMS_CLASSES; c++) {
        char name[TE_CLASS_NAME];
        assert_true(te_class_name(&(te_classes){TE_SEMSEG, TE_ROOMS_CLASSES, NULL}, c, name));
        assert_true(scenes[c] >= SCENES / 20);
    }
    for (int c = 0; c < 7; c++) {
        assert_true(parts[c] >= SCENES / 5);
    }
    assert_in_range(with_people, SCENES / 4, SCENES * 3 / 4);
}

static void pictures_are_well_exposed(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        te_rooms_sample *s = make(13, i, 64, 48);
        double sum = 0, squares = 0, n = 3.0 * (double)pixels_of(s);
        for (size_t k = 0; k < 3 * pixels_of(s); k++) {
            sum += s->rgb[k];
            squares += (double)s->rgb[k] * s->rgb[k];
        }
        double mean = sum / n, deviation = sqrt(squares / n - mean * mean);
        assert_true(mean > 50 && mean < 190);
        assert_true(deviation > 12);
        te_rooms_sample_free(s);
    }
}

/* People are salient where there are enough of them; else one thing, of one class, is, or nothing. */
static void saliency_follows_its_rule(void **state)
{
    (void)state;
    int people = 0, things = 0;
    for (uint64_t i = 0; i < 60; i++) {
        te_rooms_sample *s = make(14, i, 64, 48);
        size_t persons = 0, salient = 0, n = pixels_of(s);
        int class = -1;
        for (size_t k = 0; k < n; k++) {
            persons += s->semseg[k] == TE_ROOMS_PERSON;
            salient += s->sal[k];
        }
        for (size_t k = 0; k < n; k++) {
            if (persons * 400 >= n) {
                assert_int_equal(s->sal[k], s->semseg[k] == TE_ROOMS_PERSON);
            } else if (s->sal[k]) {
                assert_true(class < 0 || class == s->semseg[k]);
                class = s->semseg[k];
                assert_true(class != TE_ROOMS_WALL && class != TE_ROOMS_FLOOR && class != TE_ROOMS_CEILING);
            }
        }
        people += persons * 400 >= n;
        things += persons * 400 < n && salient * 100 >= n;
        te_rooms_sample_free(s);
    }
    assert_true(people >= 15 && things >= 15);
}

static int edge_near(const te_rooms_sample *s, int x, int y)
{
    for (int v = y - 1; v <= y + 1; v++) {
        for (int u = x - 1; u <= x + 1; u++) {
            if (u >= 0 && v >= 0 && u < s->width && v < s->height && s->edge[v * s->width + u]) {
                return 1;
            }
        }
    }
    return 0;
}

/* 1 where three rows by six columns at (x,y) are of one class on the left half and of another on the right. */
static int is_upright_border(const te_rooms_sample *s, int x, int y)
{
    const uint8_t *corner = s->semseg + y * s->width + x;
    for (int i = 0; i < 18; i++) {
        if (corner[i / 6 * s->width + i % 6] != corner[i % 6 < 3 ? 0 : 5]) {
            return 0;
        }
    }
    return corner[0] != corner[5];
}

/* There is a line wherever the class changes; lines are one pixel wide but where small things crowd. */
static void edges_are_thin_and_complete(void **state)
{
    (void)state;
    size_t lines = 0, free_pixels = 0, borders = 0, single = 0;
    for (uint64_t i = 0; i < 20; i++) {
        te_rooms_sample *s = make(15, i, 96, 72);
        for (int y = 0; y + 3 < s->height; y++) {
            for (int x = 0; x + 6 < s->width; x++) {
                int at = y * s->width + x, middle = at + s->width, marked = 0;
                lines += s->edge[at];
                free_pixels += !edge_near(s, x, y);
                if (s->semseg[at] != s->semseg[at + 1] || s->semseg[at] != s->semseg[middle]) {
                    assert_true(edge_near(s, x, y));
                }
                if (is_upright_border(s, x, y)) {
                    for (int k = 0; k < 6; k++) {
                        marked += s->edge[middle + k];
                    }
                    borders++;
                    single += marked == 1;
                    assert_true(s->edge[middle + 2]); /* the last pixel on the left */
                }
            }
        }
        te_rooms_sample_free(s);
    }
    assert_true(lines > 5000 && free_pixels > 3 * lines);
    /* How many borders have other lines beside them depends on the scenes; with lines two pixels wide none was
     * single. */
    assert_true(borders > 500 && single * 4 > borders * 3);
}

/* ---- solids and the tree, against plain arithmetic ---- */

/* Whether a point of the solid's frame lies within it. */
static int inside(const te_solid *s, double x, double y, double z)
{
    double a = s->size.x, b = s->size.y, c = s->size.z, r = s->round;
    switch ((te_shape)s->shape) {
    case TE_SHAPE_BOX:
        return fabs(x) < a && fabs(y) < b && fabs(z) < c;
    case TE_SHAPE_ROUND_BOX: {
        double p = fmax(fabs(x) - a + r, 0), q = fmax(fabs(y) - b + r, 0), t = fmax(fabs(z) - c + r, 0);
        return p * p + q * q + t * t < r * r;
    }
    case TE_SHAPE_ELLIPSOID:
        return x * x / (a * a) + y * y / (b * b) + z * z / (c * c) < 1;
    case TE_SHAPE_FRUSTUM:
        return fabs(y) < b && hypot(x, z) < a + (c - a) * (y + b) / (2 * b);
    case TE_SHAPE_CAPSULE:
        return hypot(hypot(x, z), y - fmin(fmax(y, -b), b)) < a;
    }
    return 0;
}

static int inside_world(const te_solid *s, te_vec origin, te_vec direction, double t)
{
    te_vec p = te_frame_locate(&s->frame, te_vec_add(origin, te_vec_scale(direction, (float)t)));
    return inside(s, p.x, p.y, p.z);
}

static double draw(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) / 16777216.0;
}

static te_vec draw_vec(unsigned *state, double low, double high)
{
    te_vec v;
    v.x = (float)(low + (high - low) * draw(state));
    v.y = (float)(low + (high - low) * draw(state));
    v.z = (float)(low + (high - low) * draw(state));
    return v;
}

static te_solid draw_solid(unsigned *state, int shape)
{
    te_solid solid = {.shape = (uint8_t)shape, .size = draw_vec(state, 0.05, 0.6)};
    solid.round = 0.6f * fminf(solid.size.x, fminf(solid.size.y, solid.size.z));
    te_vec place = draw_vec(state, -2, 2), up = draw_vec(state, -1, 1);
    solid.frame = te_frame_facing(place, up, draw_vec(state, -1, 1));
    return solid;
}

static void rays_enter_solids_where_marching_does(void **state)
{
    (void)state;
    unsigned numbers = 1;
    int hits[5] = {0};
    for (int round = 0; round < 4000; round++) {
        int shape = round % 5;
        te_solid solid = draw_solid(&numbers, shape);
        te_vec aim = draw_vec(&numbers, -0.5, 0.5), origin = draw_vec(&numbers, -6, 6);
        te_vec direction = te_vec_unit(te_vec_sub(te_frame_point(&solid.frame, aim), origin));
        if (inside_world(&solid, origin, direction, 0)) {
            continue;
        }
        const double step = 0.002, far = 12;
        double t = 0;
        while (t < far && !inside_world(&solid, origin, direction, t)) {
            t += step;
        }
        float met = te_solid_meet(&solid, origin, direction, 0, (float)far);
        if (t < far) {
            /* marching may have stepped over an edge that the ray enters earlier, never the other way round */
            assert_true(met < t + 1e-3);
            hits[shape]++;
        }
        if (met < far) {
            te_vec point = te_vec_add(origin, te_vec_scale(direction, met));
            te_vec normal = te_solid_normal(&solid, te_frame_locate(&solid.frame, point));
            assert_true(fabsf(te_vec_length(normal) - 1) < 1e-5f);
            assert_true(te_vec_dot(normal, direction) < 1e-3f);
            te_vec deep = te_frame_locate(&solid.frame, te_vec_sub(point, te_vec_scale(normal, 1e-3f)));
            te_vec out = te_frame_locate(&solid.frame, te_vec_add(point, te_vec_scale(normal, 1e-3f)));
            assert_true(inside(&solid, deep.x, deep.y, deep.z));
            assert_false(inside(&solid, out.x, out.y, out.z));
            te_vec extent = te_solid_extent(&solid), off = te_vec_sub(point, solid.frame.origin);
            assert_true(fabsf(off.x) <= extent.x && fabsf(off.y) <= extent.y && fabsf(off.z) <= extent.z);
        }
    }
    for (int shape = 0; shape < 5; shape++) {
        assert_true(hits[shape] > 100);
    }
}

static void tree_finds_what_a_loop_finds(void **state)
{
    (void)state;
    enum { SOLIDS = 300 };
    static te_solid solids[SOLIDS];
    unsigned numbers = 5;
    for (int i = 0; i < SOLIDS; i++) {
        solids[i] = draw_solid(&numbers, i % 5);
        if (i > SOLIDS - 20) { /* some on one spot */
            solids[i].frame.origin = (te_vec){1, 1, 1};
        }
        solids[i].ghost = i % 7 == 0;
    }
    te_tree tree;
    assert_int_equal(te_tree_create(&tree, solids, SOLIDS), TE_OK);
    int hits = 0, blocks = 0;
    for (int round = 0; round < 3000; round++) {
        te_vec origin = draw_vec(&numbers, -4, 4), direction = te_vec_unit(draw_vec(&numbers, -1, 1));
        float far = 5, best = 5;
        int found = te_tree_nearest(&tree, origin, direction, 0.01f, &far), nearest = -1, blocked = 0;
        for (int i = 0; i < SOLIDS; i++) {
            float t = te_solid_meet(&solids[i], origin, direction, 0.01f, best);
            if (t < best) {
                best = t;
                nearest = i;
            }
            blocked |= !solids[i].ghost && te_solid_meet(&solids[i], origin, direction, 0.01f, 5) < 5;
        }
        assert_true(far == best);
        assert_true(found == nearest || (found >= 0 && nearest >= 0));
        assert_int_equal(te_tree_blocked(&tree, origin, direction, 0.01f, 5), blocked);
        hits += found >= 0;
        blocks += blocked;
    }
    assert_true(hits > 300 && blocks > 300 && blocks < hits);
    te_tree_free(&tree);
}

static void blocks_on_the_floor_keep_apart(void **state)
{
    (void)state;
    te_layout layout = {.width = 4, .depth = 3, .height = 2.5f};
    te_frame at = te_frame_upright((te_vec){2, 0, 1.5f}, 0);
    te_spot table = te_spot_of(&at, (te_vec){1, 0.7f, 1}, 0);
    assert_true(te_layout_fits(&layout, &table));
    te_layout_take(&layout, &table);
    const struct {
        float x, y, z, yaw;
        int fits;
    } cases[] = {
        {2.99f, 0, 1.5f, 0, 0},     {3.01f, 0, 1.5f, 0, 1},        /* beside it */
        {3.01f, 0, 1.5f, 0.785f, 0}, {3.21f, 0, 1.5f, 0.785f, 1},  /* turned, its corner reaches farther */
        {2, 0.71f, 1.5f, 0, 1},     {2, 0.69f, 1.5f, 0, 0},        /* on it */
        {0.51f, 0, 0.51f, 0, 1},    {0.49f, 0, 0.51f, 0, 0},       /* at the wall */
        {0.51f, 0, 0.51f, 0.4f, 0}, {1, 1.81f, 0.6f, 0, 0},        /* through the wall, the ceiling */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        te_frame frame = te_frame_upright((te_vec){cases[i].x, cases[i].y, cases[i].z}, cases[i].yaw);
        te_spot spot = te_spot_of(&frame, (te_vec){1, 0.7f, 1}, 0);
        assert_int_equal(te_layout_fits(&layout, &spot), cases[i].fits);
    }
}

static void a_picture_is_a_sample(void **state)
{
    (void)state;
    te_picture *picture = NULL;
    assert_int_equal(te_picture_create_room(&picture, 40, 30, 21), TE_OK);
    te_rooms_sample *sample = make(21, 0, 40, 30);
    assert_int_equal(picture->width, 40);
    assert_int_equal(picture->height, 30);
    assert_memory_equal(picture->rgb, sample->rgb, 40 * 30 * 3);
    te_rooms_sample_free(sample);
    te_picture_free(picture);
    picture = NULL;
    assert_int_equal(te_picture_create_room(&picture, 0, 30, 21), TE_ERR_ARGUMENT);
    assert_null(picture);
}

static void strange_options_are_refused(void **state)
{
    (void)state;
    char folder[] = "/tmp/te_no_rooms_XXXXXX";
    te_rooms_options options = {.width = 32, .height = 32, .train = 1, .threads = -2};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(te_rooms_save(folder, &options, NULL, NULL), TE_ERR_ARGUMENT);
    assert_non_null(strstr(te_last_error(), "' with -2 threads: it must be 0, for 1, or more"));
    assert_int_equal(rmdir(folder), 0); /* nothing was put into it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pixel_has_sound_labels),
        cmocka_unit_test(any_size_works),
        cmocka_unit_test(depth_and_normals_agree),
        cmocka_unit_test(floors_point_up),
        cmocka_unit_test(samples_repeat_and_differ),
        cmocka_unit_test(threads_make_the_same),
        cmocka_unit_test(sizes_show_the_same_room),
        cmocka_unit_test(every_class_and_part_appears),
        cmocka_unit_test(pictures_are_well_exposed),
        cmocka_unit_test(saliency_follows_its_rule),
        cmocka_unit_test(edges_are_thin_and_complete),
        cmocka_unit_test(rays_enter_solids_where_marching_does),
        cmocka_unit_test(tree_finds_what_a_loop_finds),
        cmocka_unit_test(blocks_on_the_floor_keep_apart),
        cmocka_unit_test(a_picture_is_a_sample),
        cmocka_unit_test(strange_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
