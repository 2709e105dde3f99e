/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "base/utf8.h"

#define LINE_BYTES 4096
/* Kept free while values are written, so that a cut line can still be closed. */
#define TAIL_BYTES 32
#define LIMIT_SLOTS 256
#define LIMIT_LINES 10

static const char *const level_names[] = {"debug", "info", "warn", "error"};
_Static_assert(sizeof(level_names) / sizeof(level_names[0]) == LOG_LEVELS, "each level has a name");
static enum log_level lowest_level = LOG_INFO;
static char service_name[32] = "amends";

struct line {
    char text[LINE_BYTES];
    size_t len;
    bool cut;
};

/* One (area, event): how many lines it had in the second that began at `since_us`. */
struct limit {
    uint64_t key;
    int64_t since_us;
    int64_t lines;
    int64_t left_out;
};

static pthread_mutex_t limits_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct limit limits[LIMIT_SLOTS];

void log_setup(enum log_level lowest, const char *service)
{
    lowest_level = lowest;
    (void)snprintf(service_name, sizeof(service_name), "%s", service);
}

static uint64_t hash_text(uint64_t hash, const char *s)
{
    for (; *s; s++)
        hash = (hash ^ (uint8_t)*s) * 0x100000001b3u;
    return hash * 31 + 1;
}

/* Events that fall on one slot share its limit: rare, and it only makes the limit tighter. */
static struct limit *limit_of(const char *area, const char *event, int64_t now_us)
{
    uint64_t key = hash_text(hash_text(0xcbf29ce484222325u, area), event);
    struct limit *slot = &limits[key % LIMIT_SLOTS];
    for (size_t i = 0; i < 4; i++) {
        struct limit *l = &limits[(key + i) % LIMIT_SLOTS];
        if (l->key == key)
            return l;
        if (l->key == 0 || (l->left_out == 0 && now_us - l->since_us >= US_PER_S)) {
            *l = (struct limit){.key = key, .since_us = now_us};
            return l;
        }
    }
    return slot;
}

/* Counts a line. False when it must be left out; else *left_out says how many were since the last
 * one. */
static bool may_write(const char *area, const char *event, int64_t *left_out)
{
    int64_t now_us = time_mono_us();
    (void)pthread_mutex_lock(&limits_mutex);
    struct limit *l = limit_of(area, event, now_us);
    if (now_us - l->since_us >= US_PER_S) {
        l->since_us = now_us;
        l->lines = 0;
    }
    bool ok = ++l->lines <= LIMIT_LINES;
    *left_out = ok ? l->left_out : 0;
    l->left_out = ok ? 0 : l->left_out + 1;
    (void)pthread_mutex_unlock(&limits_mutex);
    return ok;
}

/* Appends all of it or, when it would not fit, nothing. A closing quote may already lie in the
 * tail. */
static void put(struct line *o, const char *s, size_t n)
{
    if (o->cut || o->len + n > sizeof(o->text) - TAIL_BYTES) {
        o->cut = true;
        return;
    }
    memcpy(o->text + o->len, s, n);
    o->len += n;
}

static void put_text(struct line *o, const char *s)
{
    put(o, s, strlen(s));
}

static void put_escaped(struct line *o, unsigned char c)
{
    char hex[8];
    switch (c) {
    case '"':
        put(o, "\\\"", 2);
        return;
    case '\\':
        put(o, "\\\\", 2);
        return;
    case '\n':
        put(o, "\\n", 2);
        return;
    default:
        (void)snprintf(hex, sizeof(hex), "\\u%04x", c);
        put_text(o, hex);
    }
}

/* A string's quotes are always closed, also where the text was cut. What is not UTF-8 becomes
 * U+FFFD. */
static void put_string(struct line *o, const char *s)
{
    put(o, "\"", 1);
    bool opened = !o->cut;
    while (*s && !o->cut) {
        size_t n = utf8_next(s, strnlen(s, 4));
        unsigned char c = (unsigned char)*s;
        if (n == 0)
            put(o, "\xef\xbf\xbd", 3);
        else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
            put_escaped(o, c);
        else
            put(o, s, n);
        s += n ? n : 1;
    }
    if (opened)
        o->text[o->len++] = '"';
}

static void put_key(struct line *o, const char *key)
{
    size_t before = o->len;
    put(o, before > 1 ? "," : "", before > 1);
    put_string(o, key);
    put(o, ":", 1);
    /* A key without room for its value would not be JSON. */
    if (o->cut)
        o->len = before;
}

static void put_int(struct line *o, const char *key, int64_t n)
{
    char digits[24];
    size_t before = o->len;
    (void)snprintf(digits, sizeof(digits), "%lld", (long long)n);
    put_key(o, key);
    put_text(o, digits);
    if (o->cut)
        o->len = before;
}

static void put_value(struct line *o, const char *key, const char *value)
{
    size_t before = o->len;
    put_key(o, key);
    size_t start = o->len;
    if (o->cut)
        return;
    if (value)
        put_string(o, value);
    else
        put_text(o, "null");
    if (o->len == start)
        o->len = before;
}

static void put_time(struct line *o)
{
    struct timespec now;
    struct tm tm;
    char day[24];
    char text[48];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    (void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text, sizeof(text), "%s.%06ldZ", day, now.tv_nsec / 1000);
    put_value(o, "time", text);
}

/* The tail was kept free: closing always fits. */
static void finish(struct line *o)
{
    const char *end = o->cut ? ",\"cut\":true}\n" : "}\n";
    size_t n = strlen(end);
    memcpy(o->text + o->len, end, n);
    o->len += n;
}

static void write_all(const char *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, p, len);
        if (n <= 0)
            return;
        p += n;
        len -= (size_t)n;
    }
}

void log_write(enum log_level level, const char *area, const char *event,
               const struct log_pair *pairs)
{
    int64_t left_out = 0;
    if (level < lowest_level || !may_write(area, event, &left_out))
        return;
    struct line o;
    o.len = 0;
    o.cut = false;
    put(&o, "{", 1);
    put_time(&o);
    put_value(&o, "level", level_names[level]);
    put_value(&o, "service", service_name);
    put_value(&o, "area", area);
    put_value(&o, "event", event);
    if (left_out > 0)
        put_int(&o, "left_out", left_out);
    for (const struct log_pair *p = pairs; p->type != LOG_END_; p++) {
        if (p->type == LOG_STR_)
            put_value(&o, p->key, p->str);
        else
            put_int(&o, p->key, p->num);
    }
    finish(&o);
    write_all(o.text, o.len);
}

int log_level_parse(const char *word)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (strcmp(word, level_names[i]) == 0)
            return i;
    return -1;
}
