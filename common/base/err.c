/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

const char *err_text(int err)
{
    switch (err) {
    case AM_OK:
        return "success";
    case AM_ENOMEM:
        return "a bounded buffer is full";
    case AM_EINVAL:
        return "not well formed";
    case AM_ERANGE:
        return "a value does not fit";
    case AM_ENOENT:
        return "no such thing";
    case AM_EEXIST:
        return "exists already";
    case AM_EAGAIN:
        return "busy, try later";
    case AM_ETIMEDOUT:
        return "the deadline has passed";
    case AM_ECONN:
        return "not connected";
    case AM_EPROTO:
        return "the peer sent something impossible";
    case AM_EIO:
        return "a system call failed";
    default:
        return "unknown error";
    }
}
