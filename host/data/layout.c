#include "data/layout.h"

static const te_layout folder = {
    .lists = "gt_sets", .endings = ".jpg, .jpeg or .png",
    .pictures = {{"images", ".jpg", 0}, {"images", ".jpeg", 0}, {"images", ".png", 0}, {"images", ".JPG", 0},
                 {"images", ".JPEG", 0}, {"images", ".PNG", 0}},
    .labels = {
        [TE_SEMSEG] = {{"semseg", ".png", TE_LABEL_CLASSES}, {"semseg", ".PNG", TE_LABEL_CLASSES}},
        [TE_HUMAN_PARTS] = {{"human_parts", ".png", TE_LABEL_CLASSES}, {"human_parts", ".PNG", TE_LABEL_CLASSES}},
        [TE_SAL] = {{"sal", ".png", TE_LABEL_MARKS}, {"sal", ".PNG", TE_LABEL_MARKS}},
        [TE_NORMALS] = {{"normals", ".png", TE_LABEL_NORMALS_OR_BLACK}, {"normals", ".PNG", TE_LABEL_NORMALS_OR_BLACK}},
        [TE_EDGE] = {{"edge", ".png", TE_LABEL_MARKS}, {"edge", ".PNG", TE_LABEL_MARKS}},
        [TE_DEPTH] = {{"depth", ".npy", TE_LABEL_METRES}, {"depth", ".NPY", TE_LABEL_METRES},
                      {"depth", ".png", TE_LABEL_MILLIMETRES}, {"depth", ".PNG", TE_LABEL_MILLIMETRES}},
    },
};

/* NYUD-v2 as the sibling models' authors pass it on [S]. */
static const te_layout nyud = {
    .lists = "gt_sets", .endings = ".png or .jpg", .classes = 40,
    .pictures = {{"images", ".png", 0}, {"images", ".jpg", 0}},
    .labels = {
        [TE_SEMSEG] = {{"segmentation", ".png", TE_LABEL_CLASSES_FROM_1}},
        [TE_NORMALS] = {{"normals", ".png", TE_LABEL_NORMALS}},
        [TE_EDGE] = {{"edge", ".png", TE_LABEL_SHARES}},
        [TE_DEPTH] = {{"depth", ".npy", TE_LABEL_METRES}},
    },
};

/* PASCAL-Context, likewise [S]. */
static const te_layout pascal = {
    .lists = "ImageSets/Context", .endings = ".jpg", .classes = 21,
    .pictures = {{"JPEGImages", ".jpg", 0}},
    .labels = {
        [TE_SEMSEG] = {{"semseg/VOC12", ".png", TE_LABEL_CLASSES}, {"semseg/pascal-context", ".png", TE_LABEL_CLASSES}},
        [TE_HUMAN_PARTS] = {{"human_parts", ".mat", TE_LABEL_PARTS}},
        [TE_SAL] = {{"sal_distill", ".png", TE_LABEL_HALVES}},
        [TE_NORMALS] = {{"normals_distill", ".png", TE_LABEL_NORMALS}},
        [TE_EDGE] = {{"pascal-context/trainval", ".mat", TE_LABEL_REGIONS}},
    },
    .regions = {"pascal-context/trainval", ".mat", TE_LABEL_REGIONS},
};

const te_layout *te_layout_find(te_data_source source)
{
    static const te_layout *const layouts[] = {[TE_SOURCE_ROOMS] = NULL, [TE_SOURCE_FOLDER] = &folder,
                                               [TE_SOURCE_NYUD] = &nyud, [TE_SOURCE_PASCAL] = &pascal};
    return layouts[source];
}
