/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/zone_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES (1 << 16) /* they have some 4 KB at most */
#define HEADER_BYTES 44

/* -- the file ---------------------------------------------------------------------------------- */

struct block {
    const unsigned char *times;
    size_t n_times, bytes; /* behind the header */
};

static uint64_t big_endian(const unsigned char *at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | at[i];
    return value;
}

/* A header and what it says of the data behind it, whose times have `time_bytes` each. False when
 * that does not fit. */
static bool read_block(const unsigned char *at, size_t len, size_t time_bytes, struct block *b)
{
    if (len < HEADER_BYTES || memcmp(at, "TZif", 4) != 0)
        return false;
    const unsigned char *counts = at + 20;
    size_t n_ut = big_endian(counts, 4), n_std = big_endian(counts + 4, 4);
    size_t n_leap = big_endian(counts + 8, 4), n_types = big_endian(counts + 16, 4);
    b->n_times = big_endian(counts + 12, 4);
    b->times = at + HEADER_BYTES;
    b->bytes = b->n_times * (time_bytes + 1) + n_types * 6 + big_endian(counts + 20, 4) +
               n_leap * (time_bytes + 4) + n_std + n_ut;
    return b->bytes <= len - HEADER_BYTES;
}

FILE *zone_file_open(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
    return len > 0 && (size_t)len < sizeof(path) ? fopen(path, "re") : NULL;
}

static size_t read_file(const char *name, char *data)
{
    FILE *file = zone_file_open(name);
    if (!file)
        return 0;
    size_t n = fread(data, 1, FILE_BYTES - 1, file);
    (void)fclose(file);
    data[n] = '\0';
    return n;
}

/* -- the rule ---------------------------------------------------------------------------------- */

static const char *skip_name(const char *rule)
{
    if (*rule == '<')
        return rule + strcspn(rule, ">") + 1;
    return rule + strcspn(rule, "+-0123456789,");
}

/* GLib 2.74 takes a summer time of offset 0 that is written out for one that is not, and puts it an
 * hour ahead of the other. So is Ireland's, whose standard time is that of the summer:
 * IST-1GMT0,M10.5.0,M3.5.0/1 is GMT0IST-1,M3.5.0/1,M10.5.0 the other way round. */
static void turn_around(const char *rule, char *turned)
{
    const char *offset = skip_name(rule);
    const char *name = offset + strspn(offset, "+-:0123456789");
    const char *summer = skip_name(name);
    size_t summer_len = strspn(summer, "+-:0123456789");
    const char *begin = summer + summer_len;
    const char *end = *begin == ',' ? strchr(begin + 1, ',') : NULL;
    bool zero = summer_len > 0 && strspn(summer, "+-:0") == summer_len;
    if (!zero || !end)
        return;
    (void)snprintf(turned, ZONE_RULE_BYTES, "%.*s%.*s%s%.*s", (int)(begin - name), name,
                   (int)(name - rule), rule, end, (int)(end - begin), begin);
}

/* The last line of the file, behind its second block. */
static void read_rule(char *rest, struct zone_file *file)
{
    char *end = *rest == '\n' ? strchr(rest + 1, '\n') : NULL;
    if (!end || end - rest >= ZONE_RULE_BYTES)
        return;
    *end = '\0';
    turn_around(rest + 1, file->rule);
}

bool zone_file_read(const char *name, struct zone_file *file)
{
    char data[FILE_BYTES];
    struct block old, b;
    size_t len = read_file(name, data);
    const unsigned char *at = (const unsigned char *)data;
    *file = (struct zone_file){.last_s = INT64_MIN};
    if (!read_block(at, len, 4, &old))
        return false;
    size_t second = HEADER_BYTES + old.bytes;
    if (!read_block(at + second, len - second, 8, &b))
        return true; /* of version 1: no rule */
    if (b.n_times)
        file->last_s = (int64_t)big_endian(b.times + 8 * (b.n_times - 1), 8);
    read_rule(data + second + HEADER_BYTES + b.bytes, file);
    return true;
}
