/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/text.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

/* A byte becomes at most six: DEL in JSON is \u007f. */
#define GROWTH_MOST 6

#define ZERO_WIDTH_NON_JOINER 0x200cu
#define ZERO_WIDTH_JOINER 0x200du
#define BEYOND_BMP 0x10000u
#define ELLIPSIS "\xe2\x80\xa6"

/* The character at `p` and its length in bytes. A byte that is no UTF-8 counts as one character. */
static gunichar character(const char *p, size_t left, size_t *len)
{
    *len = utf8_next(p, left);
    if (*len > 0)
        return g_utf8_get_char(p);
    *len = 1;
    return G_MAXUINT32;
}

static bool is_hidden(gunichar c, enum text_form form)
{
    if (c == G_MAXUINT32)
        return true;
    if (form == TEXT_LINES && (c == '\n' || c == '\t'))
        return false;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return true;
    case G_UNICODE_FORMAT:
        return c != ZERO_WIDTH_NON_JOINER && c != ZERO_WIDTH_JOINER;
    default:
        return false;
    }
}

static bool has_hidden(const char *text, size_t len, enum text_form form)
{
    size_t step = 0;
    for (size_t i = 0; i < len; i += step) {
        if (is_hidden(character(text + i, len - i, &step), form))
            return true;
    }
    return false;
}

static int write_json_escape(char *out, size_t room, gunichar c)
{
    if (c < BEYOND_BMP)
        return snprintf(out, room, "\\u%04x", c);
    return snprintf(out, room, "\\u%04x\\u%04x", 0xd800u + ((c - BEYOND_BMP) >> 10),
                    0xdc00u + ((c - BEYOND_BMP) & 0x3ffu));
}

static int write_escape(char *out, size_t room, gunichar c, unsigned char byte)
{
    if (c == '\n' || c == '\t' || c == '\r')
        return snprintf(out, room, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    if (c == G_MAXUINT32 || c < 0x80)
        return snprintf(out, room, "\\x%02x", byte);
    return snprintf(out, room, c < BEYOND_BMP ? "\\u%04x" : "\\U%08x", c);
}

const char *text_visible(const char *text, enum text_form form, struct arena *arena)
{
    const size_t len = strlen(text), room = len * GROWTH_MOST + 1;
    if (!has_hidden(text, len, form))
        return text;
    char *out = ARENA_ARRAY(arena, char, room);
    size_t n = 0, step = 0;
    for (size_t i = 0; i < len; i += step) {
        const gunichar c = character(text + i, len - i, &step);
        if (!is_hidden(c, form)) {
            memcpy(out + n, text + i, step);
            n += step;
        } else if (form == TEXT_JSON && c != G_MAXUINT32) {
            n += (size_t)write_json_escape(out + n, room - n, c);
        } else {
            n += (size_t)write_escape(out + n, room - n, c, (unsigned char)text[i]);
        }
    }
    out[n] = '\0';
    return out;
}

/* -- widths ------------------------------------------------------------------------------------ */

static size_t width_of(gunichar c)
{
    if (c == G_MAXUINT32)
        return 1;
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

size_t text_width(const char *text)
{
    const size_t len = strlen(text);
    size_t width = 0, step = 0;
    for (size_t i = 0; i < len; i += step)
        width += width_of(character(text + i, len - i, &step));
    return width;
}

const char *text_cut(const char *text, size_t columns, struct arena *arena)
{
    const size_t len = strlen(text);
    size_t width = 0, step = 0, end = 0;
    if (columns == 0 || text_width(text) <= columns)
        return columns ? text : "";
    for (size_t i = 0; i < len; i += step) {
        width += width_of(character(text + i, len - i, &step));
        if (width > columns - 1)
            break;
        end = i + step;
    }
    const char *cut = arena_printf(arena, "%.*s%s", (int)end, text, ELLIPSIS);
    AM_ASSERT(cut != NULL);
    return cut;
}
