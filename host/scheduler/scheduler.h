/* The scheduler as the layers above see it, beside the public header. */
#ifndef TE_SCHEDULER_SCHEDULER_H
#define TE_SCHEDULER_SCHEDULER_H

#include "base/settings.h"

/* te_scheduler_create() with products in that precision, instead of in the device's infer.precision. */
te_status te_scheduler_create_in(te_scheduler **scheduler, te_model *model, te_device *device,
                                 const te_scheduler_options *options, te_precision precision);

/* Put `data` in the place of the param called `name` ("*" for the labels of its parts) from the next run on. The model keeps
 * its own. TE_ERR_ARGUMENT where the device may hold the param rearranged, as it does the weights of products; biases of
 * products and convolutions are held as they are. */
te_status te_scheduler_set_param(te_scheduler *scheduler, const char *name, const float *data);

#endif
