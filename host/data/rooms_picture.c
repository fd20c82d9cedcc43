#include "data/picture.h"
#include "data/rooms.h"

te_status te_picture_create_room(te_picture **picture, int width, int height, uint64_t seed)
{
    TE_NEED(picture);
    te_rooms_sample *sample;
    TE_TRY(te_rooms_sample_create(&sample, seed, 0, width, height));
    te_status status = te_picture_create(picture, width, height, sample->rgb);
    te_rooms_sample_free(sample);
    return status;
}
