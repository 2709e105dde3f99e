/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a URL must be like that requests are to go to (outbound/http.h).
 *
 * Threading: pure. Ownership: none.
 */

#include "outbound/reach.h"

/* AM_EINVAL: `why` goes on from "url ". An address in numbers is looked at, too; a name can only be
 * looked at when it is called. http:// is for networks that `reach` allows. */
int http_url_check(const char *url, const struct reach *reach,
                   char why[REACH_WHY_BYTES]) AM_MUSTCHECK;
