/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The file of a zone in the system's tz database (RFC 8536). It is read here only for what GLib
 * gets wrong.
 *
 * Threading: any. Ownership: none.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ZONE_RULE_BYTES 128

struct zone_file {
    int64_t last_s; /* its last transition; INT64_MIN when it has none */
    /* A POSIX rule for the time after the last transition, in a form that GLib reads well. "" when
     * it reads the file's own rule well, or when there is none. */
    char rule[ZONE_RULE_BYTES];
};

/* Reads the file of a zone. False when there is none. The caller has checked that `name` has the
 * form of a zone's name, so that it is no path out of the folder. */
bool zone_file_read(const char *name, struct zone_file *file);

/* Opens a file of the tz database's folder for reading; NULL when it is not there. */
FILE *zone_file_open(const char *name);
