/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/role_map.h"

#include <stdio.h>
#include <string.h>

#include "auth/role_set.h"
#include "contract/words.h"

static int refuse(char *why, size_t why_bytes, const char *entry, const char *reason)
{
    (void)snprintf(why, why_bytes, "entry \"%.80s\" %s", entry, reason);
    return AM_EINVAL;
}

/* "AGENT+SUPERVISOR" */
static const char *parse_roles(const char *words, uint32_t *roles)
{
    for (const char *at = words;;) {
        const size_t len = strcspn(at, "+");
        if (role_set_add(roles, at, len))
            return "does not end with roles such as =AGENT or =AGENT+SUPERVISOR";
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    return *roles & ROLE_BIT(ROLE_INTERNAL) ? "gives INTERNAL, which only the services have" : NULL;
}

static const char *add(struct role_map *map, char *entry)
{
    char *equals = strrchr(entry, '=');
    uint32_t roles = 0;
    if (!equals || equals == entry)
        return "is not GROUP=ROLE";
    if (map->n == ROLE_MAP_ENTRIES_MAX)
        return "is one too many: there may be 64";
    const char *problem = parse_roles(equals + 1, &roles);
    if (problem)
        return problem;
    *equals = '\0';
    if (role_map_find(map, entry))
        return "names a group for the second time";
    map->entries[map->n].group = entry;
    map->entries[map->n++].roles = roles;
    return NULL;
}

int role_map_parse(const char *text, struct role_map *out, char *why, size_t why_bytes)
{
    const char *between = strchr(text, ';') ? ";" : ",";
    out->n = 0;
    if (strlen(text) > ROLE_MAP_BYTES_MAX)
        return refuse(why, why_bytes, text, "begins a text of more than 8,191 bytes");
    memcpy(out->text, text, strlen(text) + 1);
    char *rest = out->text;
    for (char *entry = strsep(&rest, between); entry; entry = strsep(&rest, between)) {
        const char *problem = *entry ? add(out, entry) : NULL;
        if (problem)
            return refuse(why, why_bytes, entry, problem);
    }
    return AM_OK;
}

uint32_t role_map_find(const struct role_map *map, const char *group)
{
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->entries[i].group, group) == 0)
            return map->entries[i].roles;
    return 0;
}
