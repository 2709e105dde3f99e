/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The file of a zone in the system's tz database (RFC 8536), as far as GLib needs help with it.
 *
 * Threading: any. Ownership: none.
 */

#include <stdbool.h>
#include <stdint.h>

#define ZONE_RULE_BYTES 128

struct zone_file {
    int64_t last_s;             /* its last transition; INT64_MIN when it has none */
    char rule[ZONE_RULE_BYTES]; /* a POSIX rule for the time after it that GLib reads well; "" when
                                   it reads the file's own well, or there is none */
};

/* False when there is no such zone. `name` must be one by its form: no path out of the folder. */
bool zone_file_read(const char *name, struct zone_file *file);
