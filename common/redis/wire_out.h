/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/redis only: slices as hiredis wants them.
 *
 * Threading: io loop's thread. Ownership: slices are borrowed for the call.
 */

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "base/err.h"
#include "base/slice.h"

/* Queues one command on the context; `fn` gets `privdata`. AM_ECONN when the context is closing:
 * then `fn` is not called. */
int wire_out(redisAsyncContext *ac, size_t n, const struct slice *words, redisCallbackFn *fn,
             void *privdata) AM_MUSTCHECK;
