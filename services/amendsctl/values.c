/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "amendsctl/suggest.h"
#include "base/assert.h"
#include "contract/word.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/type/money.pb-c.h"
#include "policy/words.h"

#define NANO_DIGITS 9

size_t value_width(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_INT64:
        return sizeof(int64_t);
    default:
        return sizeof(int32_t);
    }
}

/* -- enumerations ------------------------------------------------------------------------------ */

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a == '-' ? '_' : *a;
        if (toupper((unsigned char)x) != toupper((unsigned char)*b))
            return false;
    }
    return *a == *b;
}

const char *value_word(const ProtobufCEnumDescriptor *words, const char *name, struct arena *arena)
{
    char *word = arena_strdup(arena, contract_without_prefix(words, name));
    AM_ASSERT(word != NULL);
    for (char *p = word; *p; p++)
        *p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
    return word;
}

const char *value_words(const ProtobufCEnumDescriptor *words, const char *between,
                        struct arena *arena)
{
    const char *all = "";
    for (unsigned i = 0; i < words->n_values && all; i++) {
        if (words->values[i].value != 0)
            all = arena_printf(arena, "%s%s%s", all, *all ? between : "",
                               value_word(words, words->values[i].name, arena));
    }
    AM_ASSERT(all != NULL);
    return all;
}

static const char *unlike_all(const ProtobufCEnumDescriptor *d, const char *text,
                              struct arena *arena)
{
    struct suggest s;
    suggest_init(&s, text);
    for (unsigned i = 0; i < d->n_values; i++) {
        if (d->values[i].value != 0)
            suggest_add(&s, value_word(d, d->values[i].name, arena));
    }
    const char *why = arena_printf(arena, "is none of %s%s", value_words(d, ", ", arena),
                                   suggest_text(&s, "", arena));
    AM_ASSERT(why != NULL);
    return why;
}

static int parse_enum(const ProtobufCEnumDescriptor *d, const char *text, int *out,
                      struct arena *arena, const char **why)
{
    for (unsigned i = 0; i < d->n_values; i++) {
        const ProtobufCEnumValue *v = &d->values[i];
        if (v->value != 0 &&
            (same_word(text, contract_without_prefix(d, v->name)) || same_word(text, v->name))) {
            *out = v->value;
            return AM_OK;
        }
    }
    *why = unlike_all(d, text, arena);
    return AM_EINVAL;
}

/* -- numbers ----------------------------------------------------------------------------------- */

static int parse_int(const char *text, int64_t min, int64_t max, int64_t *out, const char **why)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < min || v > max) {
        *why = "is not a whole number that fits";
        return AM_EINVAL;
    }
    *out = v;
    return AM_OK;
}

static int parse_int32(const char *text, void *at, const char **why)
{
    int64_t v = 0;
    int err = parse_int(text, INT32_MIN, INT32_MAX, &v, why);
    if (!err)
        *(int32_t *)at = (int32_t)v;
    return err;
}

/* ".25" -> 250000000: digits after the point as nanos. Returns what follows them; the point itself
 * when there are none, or more than fit, so that no digit is lost in silence. */
static const char *parse_fraction(const char *text, int32_t *nanos)
{
    const char *point = text;
    int digits = 0;
    *nanos = 0;
    if (*text != '.')
        return text;
    for (text++; isdigit((unsigned char)*text) && digits < NANO_DIGITS; text++, digits++)
        *nanos = *nanos * 10 + (*text - '0');
    if (digits == 0 || isdigit((unsigned char)*text))
        return point;
    for (; digits < NANO_DIGITS; digits++)
        *nanos *= 10;
    return text;
}

/* -- times and money --------------------------------------------------------------------------- */

/* Two digits as a number; -1 when they are none. */
static int two_digits(const char *text)
{
    if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "Z" or "+01:00" to seconds; false for anything else. */
static bool parse_offset(const char *text, int *seconds)
{
    *seconds = 0;
    if (strcasecmp(text, "Z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || strlen(text) != strlen("+01:00") || text[3] != ':')
        return false;
    const int hours = two_digits(text + 1), minutes = two_digits(text + 4);
    *seconds = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

static int parse_time(const char *text, ProtobufCMessage **at, struct arena *arena,
                      const char **why)
{
    Google__Protobuf__Timestamp *t = ARENA_NEW(arena, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(t);
    struct tm tm = {0};
    int offset = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest)
        rest = parse_fraction(rest, &t->nanos);
    if (!rest || !parse_offset(rest, &offset)) {
        *why = "is not a time like 2026-11-22T10:00:00Z or 2026-11-22T10:00:00+01:00";
        return AM_EINVAL;
    }
    const int day = tm.tm_mday;
    t->seconds = timegm(&tm);
    if (tm.tm_mday != day) { /* the 31st of February would silently be another day */
        *why = "is no day of the calendar";
        return AM_EINVAL;
    }
    t->seconds -= offset;
    *at = &t->base;
    return AM_OK;
}

/* "1h30m", "90s": the units that bundles have. */
static int parse_duration(const char *text, ProtobufCMessage **at, struct arena *arena,
                          const char **why)
{
    Google__Protobuf__Duration *d = ARENA_NEW(arena, Google__Protobuf__Duration);
    int64_t ms = 0;
    google__protobuf__duration__init(d);
    *why = word_duration(text, &ms);
    d->seconds = ms / 1000;
    *at = &d->base;
    return *why ? AM_EINVAL : AM_OK;
}

/* "49.90 USD" */
static int parse_money(const char *text, ProtobufCMessage **at, struct arena *arena,
                       const char **why)
{
    Google__Type__Money *m = ARENA_NEW(arena, Google__Type__Money);
    google__type__money__init(m);
    char *end = NULL;
    errno = 0;
    m->units = strtoll(text, &end, 10);
    bool ok = !errno && end != text;
    const char *rest = parse_fraction(end, &m->nanos);
    if (*text == '-')
        m->nanos = -m->nanos;
    if (!ok || *rest != ' ' || strlen(rest + 1) != 3) {
        *why = "is not an amount like \"49.90 USD\"";
        return AM_EINVAL;
    }
    m->currency_code = arena_strdup(arena, rest + 1);
    *at = &m->base;
    return m->currency_code ? AM_OK : AM_ENOMEM;
}

/* -- small messages: one value for each field, with colons between ----------------------------- */

static int parse_parts(const ProtobufCMessageDescriptor *d, const char *text, ProtobufCMessage **at,
                       struct arena *arena, const char **why)
{
    ProtobufCMessage *m = arena_must(arena, d->sizeof_message);
    protobuf_c_message_init(d, m);
    char *rest = arena_strdup(arena, text);
    if (!rest)
        return AM_ENOMEM;
    for (unsigned i = 0; i < d->n_fields; i++) {
        char *part = strsep(&rest, ":");
        if (!part) {
            *why = "has too few parts between colons";
            return AM_EINVAL;
        }
        int err = value_parse(&d->fields[i], part, (char *)m + d->fields[i].offset, arena, why);
        if (err)
            return err;
    }
    *at = m;
    return AM_OK;
}

static int parse_message(const ProtobufCMessageDescriptor *d, const char *text,
                         ProtobufCMessage **at, struct arena *arena, const char **why)
{
    if (d == &google__protobuf__timestamp__descriptor)
        return parse_time(text, at, arena, why);
    if (d == &google__protobuf__duration__descriptor)
        return parse_duration(text, at, arena, why);
    if (d == &google__type__money__descriptor)
        return parse_money(text, at, arena, why);
    return parse_parts(d, text, at, arena, why);
}

int value_parse(const ProtobufCFieldDescriptor *field, const char *text, void *at,
                struct arena *arena, const char **why)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = arena_strdup(arena, text);
        return *(char **)at ? AM_OK : AM_ENOMEM;
    case PROTOBUF_C_TYPE_INT32:
        return parse_int32(text, at, why);
    case PROTOBUF_C_TYPE_INT64:
        return parse_int(text, INT64_MIN, INT64_MAX, at, why);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = true;
        return AM_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(field->descriptor, text, at, arena, why);
    case PROTOBUF_C_TYPE_MESSAGE:
        return parse_message(field->descriptor, text, at, arena, why);
    default:
        *why = "cannot be given on the command line";
        return AM_EINVAL;
    }
}
