/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/ical_impl.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* Copies a physical line without its line end, and moves on to the next line. */
static char *take_physical(struct ical_reader *reader, char *to)
{
    size_t n = strcspn(reader->next, "\n");
    const char *behind = reader->next + n + (reader->next[n] == '\n');
    if (n > 0 && reader->next[n - 1] == '\r')
        n--;
    memcpy(to, reader->next, n);
    reader->next = behind;
    reader->next_number++;
    return to + n;
}

static char *take_unfolded(struct ical_reader *reader)
{
    char *end = take_physical(reader, reader->buffer);
    while (*reader->next == ' ' || *reader->next == '\t') {
        reader->next++;
        end = take_physical(reader, end);
    }
    *end = '\0';
    return end;
}

/* The first of the characters outside of double quotes; the end of the text without any. */
static char *find_unquoted(char *text, const char *characters)
{
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '"')
            quoted = !quoted;
        else if (!quoted && strchr(characters, *text))
            break;
    }
    return text;
}

static struct ical_line split(char *text, unsigned number)
{
    struct ical_line line = {number, text, "", NULL};
    char *end = find_unquoted(text, ";:");
    if (*end == ';') {
        *end++ = '\0';
        line.params = end;
        end = find_unquoted(end, ":");
    }
    if (*end == ':') {
        *end = '\0';
        line.value = end + 1;
    }
    return line;
}

bool ical_next_line(struct ical_reader *reader, struct ical_line *line)
{
    while (*reader->next) {
        unsigned number = reader->next_number;
        char *end = take_unfolded(reader);
        if (end > reader->buffer) {
            *line = split(reader->buffer, number);
            return true;
        }
    }
    return false;
}

/* The length of one parameter: up to the next semicolon outside of double quotes. */
static size_t param_length(const char *param)
{
    bool quoted = false;
    size_t n = 0;
    for (; param[n] && (quoted || param[n] != ';'); n++)
        if (param[n] == '"')
            quoted = !quoted;
    return n;
}

bool ical_param(const struct ical_line *line, const char *name, char *value, size_t room)
{
    size_t n, name_n = strlen(name);
    for (const char *p = line->params; *p; p += n + (p[n] == ';')) {
        n = param_length(p);
        if (n <= name_n || p[name_n] != '=' || strncasecmp(p, name, name_n) != 0)
            continue;
        const char *from = p + name_n + 1;
        size_t len = n - name_n - 1;
        if (len >= 2 && from[0] == '"' && from[len - 1] == '"') {
            from++;
            len -= 2;
        }
        if (len >= room)
            return false;
        memcpy(value, from, len);
        value[len] = '\0';
        return true;
    }
    return false;
}

static char unescaped(char c)
{
    return c == 'n' || c == 'N' ? ' ' : c;
}

const char *ical_text(const char *value, struct arena *arena)
{
    char text[ICAL_NAME_BYTES + 1];
    size_t n = 0;
    if (!utf8_valid(value, strlen(value)))
        return NULL;
    while (*value) {
        bool escape = value[0] == '\\' && value[1];
        const char *c = value + escape;
        size_t len = utf8_next(c, strlen(c));
        if (n + len > ICAL_NAME_BYTES)
            break;
        memcpy(text + n, c, len);
        if (len == 1)
            text[n] = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : escape ? unescaped(*c) : *c;
        n += len;
        value = c + len;
    }
    text[n] = '\0';
    return arena_strdup(arena, text);
}
