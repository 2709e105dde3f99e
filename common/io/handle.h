/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/io only: the life of one of our libuv handles. libuv closes a handle in two steps,
 * and its memory may be given back only after the second; its owner may let go of it before or
 * after the loop has ended. So a handle is destroyed when both have happened: it is closed, and its
 * owner has released it.
 *
 * Threading: loop thread. Ownership: embedded in the struct that holds the libuv handle.
 */

#include <stdbool.h>
#include <uv.h>

#include "base/list.h"

struct loop;

struct loop_handle {
    struct list link; /* in the loop's list until it is closed */
    uv_handle_t *uv;
    bool closed;
    bool released;
    void (*destroy)(struct loop_handle *h); /* frees the struct around it */
};

/* Enters an initialised libuv handle in the loop's list; uv->data then points to `h`. */
void handle_open(struct loop *l, struct loop_handle *h, uv_handle_t *uv,
                 void (*destroy)(struct loop_handle *h));

/* Begins to close the handle at the loop's end; the owner still holds the memory. */
void handle_close(struct loop_handle *h);

/* The owner lets go: the handle is closed if it is not yet, and destroyed when it is. */
void handle_release(struct loop_handle *h);

/* True when callbacks may still come: neither closing nor released. */
bool handle_is_live(const struct loop_handle *h);
