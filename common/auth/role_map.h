/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the groups of an identity provider are here: "care-team=AGENT,care-leads=AGENT+SUPERVISOR".
 * Where a group's name has a comma in it, semicolons stand between the entries:
 * "cn=care,dc=example=AGENT;". The last "=" of an entry ends the group's name.
 *
 * Threading: pure. Ownership: the map copies the text.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ROLE_MAP_ENTRIES_MAX 64
#define ROLE_MAP_BYTES_MAX 8191

struct role_map {
    size_t n;
    struct {
        const char *group;
        uint32_t roles;
    } entries[ROLE_MAP_ENTRIES_MAX];
    char text[ROLE_MAP_BYTES_MAX + 1];
};

/* Reads a map; "" is an empty one. AM_EINVAL with the reason in `why`: among others for INTERNAL,
 * which only the services themselves have. */
int role_map_parse(const char *text, struct role_map *out, char *why,
                   size_t why_bytes) AM_MUSTCHECK;

/* The roles of a group; none for one that is not in the map. */
uint32_t role_map_find(const struct role_map *map, const char *group);
