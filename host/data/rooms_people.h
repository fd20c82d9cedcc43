/* People: a skeleton in some pose, dressed with simple solids. */
#ifndef TE_DATA_ROOMS_PEOPLE_H
#define TE_DATA_ROOMS_PEOPLE_H

#include "data/rooms_style.h"

/* Classes of human_parts. */
enum {
    TE_PART_HEAD = 1,
    TE_PART_TORSO,
    TE_PART_UPPER_ARM,
    TE_PART_LOWER_ARM,
    TE_PART_UPPER_LEG,
    TE_PART_LOWER_LEG
};

/* Measures in metres. */
typedef struct te_body {
    float tall, girth, head; /* girth and head: 1 is usual */
    float shoulder, hip;     /* half the distance of the joints */
    float spine, neck;       /* hips to shoulders, shoulders to skull */
    float upper_arm, lower_arm, thigh, shin, ankle;
} te_body;

te_body te_body_draw(te_dice *dice);

/* Joints in the coordinates of `base`; [0] left, [1] right of the person, whose left is x. Frames of trunk and head
 * have their y axis along the spine and z forwards. */
typedef struct te_pose {
    te_frame base;
    te_frame pelvis, chest, head; /* at the hips, at the shoulders, at the base of the skull */
    te_vec shoulder[2], elbow[2], wrist[2], hand[2]; /* hand: its direction */
    te_vec hip[2], knee[2], ankle[2], toe[2];
} te_pose;

/* `base` stands on the floor, z forwards. */
void te_pose_stand(te_pose *pose, const te_body *body, te_dice *dice, const te_frame *base);

/* On a seat `depth` deep whose front edge is the origin of `seat`. */
void te_pose_sit(te_pose *pose, const te_body *body, te_dice *dice, const te_frame *seat, float depth);

/* On the back: the origin of `base` is under the heels, y points to the head, z upwards. */
void te_pose_lie(te_pose *pose, const te_body *body, te_dice *dice, const te_frame *base);

/* Adds the person, as a thing of its own. `skirt`: 0 where legs must be told apart. */
void te_person_build(te_scene *scene, te_dice *dice, const te_body *body, const te_pose *pose, int skirt);

#endif
