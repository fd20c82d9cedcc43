/* Products by CLBlast: the implementation of choice on GPUs. */
#include "device/opencl.h"

#include "base/clock.h"

#include <clblast_c.h>

void te_library_release(te_device *device)
{
    if (device->used_library) {
        CLBlastClearCache();
    }
}

te_status te_device_sgemm(te_device *device, const te_sgemm *p)
{
    cl_event event = NULL;
    double now = device->recording ? te_clock_now() : 0.0;
    device->used_library = true;
    /* An empty queue hint keeps CLBlast from creating its own; its kernels land in our in-order queue. */
    CLBlastStatusCode code =
        CLBlastSgemm(CLBlastLayoutRowMajor, p->a_transposed ? CLBlastTransposeYes : CLBlastTransposeNo,
                     p->b_transposed ? CLBlastTransposeYes : CLBlastTransposeNo, p->m, p->n, p->k, 1.0f,
                     p->a->memory, p->a_offset, p->a_stride, p->b->memory, p->b_offset, p->b_stride, 1.0f,
                     p->c->memory, p->c_offset, p->c_stride, &device->queue,
                     device->recording ? &event : NULL);
    if (code == CLBlastSuccess) {
        if (event) {
            te_recording_event(device->recording, event, "CLBlastSgemm", now);
        }
        return TE_OK;
    }
    return te_fail(TE_ERR_DEVICE, "CLBlastSgemm failed with %s (%d) on device '%s': set kernels.variant to "
                   "linear=generic", te_cl_error_name((cl_int)code), (int)code, device->info.name);
}
