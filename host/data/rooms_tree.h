/* A tree of boxes over solids: which of them a ray meets. */
#ifndef TE_DATA_ROOMS_TREE_H
#define TE_DATA_ROOMS_TREE_H

#include "base/status.h"
#include "data/rooms_solid.h"

enum { TE_TREE_WIDTH = 4 };

/* Up to four parts of a set of solids, each with the box that holds it: a node of its own (part >= 0) or one solid
 * (-1 - part). Absent parts have a box that no ray reaches. */
typedef struct te_tree_node {
    float bounds[3][2][TE_TREE_WIDTH]; /* axis; low, high; part */
    int part[TE_TREE_WIDTH];
} te_tree_node;

typedef struct te_tree {
    const te_solid *solids; /* the creator's; they outlive the tree */
    te_tree_node *nodes;
    int nodes_count;
} te_tree;

te_status te_tree_create(te_tree *tree, const te_solid *solids, int count);
void te_tree_free(te_tree *tree);

/* The solid that the ray (unit direction) enters first between `near` and *far, or -1; *far becomes its
 * distance. */
int te_tree_nearest(const te_tree *tree, te_vec origin, te_vec direction, float near, float *far);

/* Whether anything that casts shadows lies between `near` and `far`. */
int te_tree_blocked(const te_tree *tree, te_vec origin, te_vec direction, float near, float far);

#endif
