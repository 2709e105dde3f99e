/* SPDX-License-Identifier: Apache-2.0 */
#include "io/handle.h"

#include "io/loop_impl.h"

void handle_open(struct loop *l, struct loop_handle *h, uv_handle_t *uv,
                 void (*destroy)(struct loop_handle *h))
{
    h->uv = uv;
    h->closed = false;
    h->released = false;
    h->destroy = destroy;
    uv->data = h;
    list_push_back(&l->handles, &h->link);
}

static void on_closed(uv_handle_t *uv)
{
    struct loop_handle *h = uv->data;
    h->closed = true;
    list_remove(&h->link);
    if (h->released)
        h->destroy(h);
}

void handle_close(struct loop_handle *h)
{
    if (!uv_is_closing(h->uv))
        uv_close(h->uv, on_closed);
}

void handle_release(struct loop_handle *h)
{
    h->released = true;
    if (h->closed)
        h->destroy(h);
    else
        handle_close(h);
}

bool handle_is_live(const struct loop_handle *h)
{
    return !h->closed && !h->released && !uv_is_closing(h->uv);
}
