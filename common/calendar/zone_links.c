/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/zone_links.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "calendar/zone_file.h"

#define LINE_BYTES 512

static GHashTable *links; /* old name -> the name it stands for */

/* Words may be cut short as long as they are clear: "L", "Link" (zic(8)). */
static bool is_link(const char *word)
{
    return g_ascii_strncasecmp("Link", word, strlen(word)) == 0;
}

static void take_line(char *line)
{
    static const char BLANK[] = " \t\r\n";
    char *rest = NULL;
    const char *word = strtok_r(line, BLANK, &rest);
    const char *target = word && is_link(word) ? strtok_r(NULL, BLANK, &rest) : NULL;
    const char *name = target ? strtok_r(NULL, BLANK, &rest) : NULL;
    if (name)
        g_hash_table_insert(links, g_strdup(name), g_strdup(target));
}

static void read_table(void)
{
    char line[LINE_BYTES];
    FILE *file = zone_file_open("tzdata.zi");
    links = g_hash_table_new(g_str_hash, g_str_equal);
    while (file && fgets(line, sizeof(line), file))
        take_line(line);
    if (file)
        (void)fclose(file);
}

const char *zone_link(const char *name)
{
    if (!links)
        read_table();
    return g_hash_table_lookup(links, name);
}
