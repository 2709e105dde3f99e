/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/zone_links.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "calendar/zone_file.h"

#define LINE_BYTES 512

struct link {
    char *name, *target;
};

static void *links; /* a tsearch() tree by name */
static bool is_read;

static int by_name(const void *a, const void *b)
{
    const struct link *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* Words may be cut short as long as they are clear: "L", "Link" (zic(8)). */
static bool is_link(const char *word)
{
    return strncasecmp("Link", word, strlen(word)) == 0;
}

/* The first of two lines for a name counts; there is one. */
static void add_link(const char *name, const char *target)
{
    struct link *link = calloc(1, sizeof(*link));
    AM_ASSERT(link != NULL);
    *link = (struct link){strdup(name), strdup(target)};
    AM_ASSERT(link->name && link->target && tsearch(link, &links, by_name));
}

static void take_line(char *line)
{
    static const char BLANK[] = " \t\r\n";
    char *rest = NULL;
    const char *word = strtok_r(line, BLANK, &rest);
    const char *target = word && is_link(word) ? strtok_r(NULL, BLANK, &rest) : NULL;
    const char *name = target ? strtok_r(NULL, BLANK, &rest) : NULL;
    if (name && !zone_link(name))
        add_link(name, target);
}

static void read_table(void)
{
    char line[LINE_BYTES];
    FILE *file = zone_file_open("tzdata.zi");
    is_read = true;
    while (file && fgets(line, sizeof(line), file))
        take_line(line);
    if (file)
        (void)fclose(file);
}

const char *zone_link(const char *name)
{
    const struct link key = {.name = (char *)(uintptr_t)name};
    if (!is_read)
        read_table();
    struct link *const *found = tfind(&key, &links, by_name);
    return found ? (*found)->target : NULL;
}
