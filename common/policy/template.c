/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/template.h"

#include <string.h>

#include "base/bits.h"
#include "base/utf8.h"

#define BIT(n) (UINT32_C(1) << (n))

const char *const template_variables[VARIABLES + 1] = {
    [VARIABLE_REFERENCE] = "reference",
    [VARIABLE_LEVEL] = "level",
    [VARIABLE_FAILURE] = "failure",
    [VARIABLE_SEVERITY] = "severity",
    [VARIABLE_CLOCK] = "clock",
    [VARIABLE_DUE] = "due",
    [VARIABLE_CAUSE] = "cause",
    [VARIABLE_ASK] = "ask",
    [VARIABLE_LINK] = "link",
    [VARIABLE_ABOUT] = "about",
    [VARIABLE_COUNT] = "count",
    [VARIABLE_LINES] = "lines",
    [VARIABLES] = NULL,
};

uint32_t template_allowed(enum template_use use)
{
    static const uint32_t of_digests = BIT(VARIABLE_COUNT) | BIT(VARIABLE_LINES);
    static const uint32_t of_one = (BIT(VARIABLES) - 1) & ~of_digests;
    static const uint32_t allowed[TEMPLATE_USES] = {
        [TEMPLATE_SUBJECT] = of_one,
        [TEMPLATE_TEXT] = of_one,
        [TEMPLATE_DIGEST_SUBJECT] = BIT(VARIABLE_COUNT),
        [TEMPLATE_DIGEST_TEXT] = of_digests,
        [TEMPLATE_DIGEST_LINE] = of_one,
        [TEMPLATE_PHRASE] = 0,
    };
    return allowed[use];
}

/* -- reading ----------------------------------------------------------------------------------- */

static int variable_of(const char *name, size_t len)
{
    for (int i = 0; i < VARIABLES; i++)
        if (strlen(template_variables[i]) == len && memcmp(template_variables[i], name, len) == 0)
            return i;
    return -1;
}

/* A piece of a template: text, or a variable. */
struct piece {
    const char *text;
    size_t len;   /* of `text`; what it takes in the template is `took` */
    size_t took;  /* 0 = the template is at its end */
    int variable; /* -1 = text */
    const char *mistake;
};

static struct piece read_variable(const char *at)
{
    const size_t len = strcspn(at + 1, "{}\n");
    struct piece p = {.text = at + 1, .len = len, .took = len + 2};
    p.variable = variable_of(p.text, len);
    if (at[1 + len] != '}') {
        p.mistake = "is not closed by `}`; write `{{` for a brace";
        p.took = len + 1;
    } else if (p.variable < 0) {
        p.mistake = "is no variable";
    }
    return p;
}

static struct piece read_piece(const char *at)
{
    struct piece p = {.text = at, .variable = -1};
    if (at[0] == '{' && at[1] != '{')
        return read_variable(at);
    if (at[0] == '{' || at[0] == '}') {
        p.len = 1;
        p.took = at[1] == at[0] ? 2 : 1;
        p.mistake = p.took == 1 ? "closes nothing; write `}}` for a brace" : NULL;
        return p;
    }
    p.len = p.took = strcspn(at, "{}");
    return p;
}

struct template_mistake template_check(const char *text, enum template_use use)
{
    const uint32_t allowed = template_allowed(use);
    for (const char *at = text; *at;) {
        const struct piece p = read_piece(at);
        struct template_mistake m = {p.mistake, (size_t)(at - text), p.took};
        if (!m.text && p.variable >= 0 && !(allowed & BIT(p.variable)))
            m.text = "has no value here";
        if (m.text)
            return m;
        at += p.took;
    }
    return (struct template_mistake){0};
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool template_is_language(const char *tag)
{
    size_t part = 0, n = 0;
    for (const char *c = tag; *c; c++) {
        part = *c == '-' ? 0 : part + 1;
        n += *c == '-';
        if ((*c == '-' ? c == tag || c[-1] == '-' : !is_alnum(*c)) || part > 8)
            return false;
        if (n == 0 && (part > 3 || (*c != '-' && (*c < 'a' || *c > 'z'))))
            return false;
    }
    return strcspn(tag, "-") >= 2 && part > 0 && strlen(tag) <= TEMPLATE_LANGUAGE_BYTES_MAX;
}

/* -- rendering --------------------------------------------------------------------------------- */

struct render {
    char *out;
    size_t len, most;
    const char *const *values;
};

static bool is_control(const char *text, size_t n)
{
    const unsigned char *c = (const unsigned char *)text;
    return n == 0 || (n == 1 && (c[0] < ' ' || c[0] == 0x7f)) ||
           (n == 2 && c[0] == 0xc2 && c[1] < 0xa0);
}

/* Adds whole characters as long as there is room. `lines`: ends of lines stay. */
static void add(struct render *r, const char *text, size_t len, bool lines)
{
    for (size_t i = 0; i < len;) {
        const size_t n = utf8_next(text + i, len - i);
        const bool blank = is_control(text + i, n) && !(lines && text[i] == '\n');
        const size_t bytes = blank ? 1 : n;
        if (r->len + bytes > r->most)
            return;
        memcpy(r->out + r->len, blank ? " " : text + i, bytes);
        r->len += bytes;
        i += n ? n : 1;
    }
}

/* False when a variable of the line has no value. */
static bool render_line(struct render *r, const char *line, const char *end)
{
    bool whole = true;
    for (const char *at = line; at < end;) {
        struct piece p = read_piece(at);
        const char *value = p.variable >= 0 ? r->values[p.variable] : NULL;
        if (p.variable < 0 && p.took > (size_t)(end - at))
            p.len = p.took = (size_t)(end - at);
        if (p.variable < 0)
            add(r, p.text, p.len, true);
        else if (value && *value)
            add(r, value, strlen(value), p.variable == VARIABLE_LINES);
        else
            whole = false;
        at += p.took;
    }
    return whole;
}

char *template_render(const char *text, enum template_use use, const char *const values[VARIABLES],
                      struct arena *arena)
{
    const bool whole_lines = use == TEMPLATE_TEXT || use == TEMPLATE_DIGEST_TEXT;
    const size_t most = whole_lines ? TEMPLATE_TEXT_RENDERED_MAX : TEMPLATE_SUBJECT_RENDERED_MAX;
    struct render r = {.out = arena_alloc(arena, most + 1), .most = most, .values = values};
    if (!r.out)
        return NULL;
    for (const char *line = text; *line;) {
        const size_t len = strcspn(line, "\n");
        const char *end = line + len + (line[len] == '\n');
        const size_t before = r.len;
        if (!render_line(&r, line, end) && whole_lines)
            r.len = before;
        line = end;
    }
    r.out[r.len] = '\0';
    return r.out;
}
