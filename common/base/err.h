/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Error numbers of the machinery: 0 is success, everything else is negative and taken from errno.
 * They say why a call of ours failed; what a client is told is a `struct fault` (base/fault.h).
 *
 * Threading: constants and pure functions. Ownership: constants.
 */

#include <errno.h>

#define AM_MUSTCHECK __attribute__((warn_unused_result))
#define AM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum am_err {
    AM_OK = 0,
    AM_ENOMEM = -ENOMEM,       /* a bounded buffer or arena is full */
    AM_EINVAL = -EINVAL,       /* the input is not well formed */
    AM_ERANGE = -ERANGE,       /* a value does not fit */
    AM_ENOENT = -ENOENT,       /* no such thing */
    AM_EEXIST = -EEXIST,       /* there already */
    AM_EAGAIN = -EAGAIN,       /* a bounded queue is full, or the thing is busy: try later */
    AM_ETIMEDOUT = -ETIMEDOUT, /* the deadline has passed */
    AM_ECONN = -ENOTCONN,      /* the peer is away */
    AM_EPROTO = -EPROTO,       /* the peer sent something impossible */
    AM_EIO = -EIO,             /* the system failed; the log has the cause */
};

/* A short English text for an error number; never NULL. */
const char *err_text(int err);
