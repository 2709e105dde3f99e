/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/table.h"

#include <string.h>

#include "amendsctl/cell.h"
#include "amendsctl/text.h"
#include "base/assert.h"
#include "base/uuid.h"

#define GAP 2
/* A text is not cut to less than this. */
#define CUT_LEAST 8

void table_init(struct table *t, const char *columns, struct arena *arena)
{
    *t = (struct table){0};
    char *rest = arena_strdup(arena, columns);
    AM_ASSERT(rest != NULL);
    for (char *c = strsep(&rest, ","); c && t->n < TABLE_COLUMNS_MAX; c = strsep(&rest, ",")) {
        t->exact[t->n] = *c == '=';
        t->paths[t->n] = c + t->exact[t->n];
        t->n++;
    }
    t->n_shown = t->n;
}

static const char *cell(const struct table *t, size_t column, const ProtobufCMessage *item,
                        const struct view *view, struct arena *arena)
{
    struct view own = *view;
    own.relative = view->relative && !t->exact[column];
    return cell_path(item, t->paths[column], &own, arena);
}

/* -- widths ------------------------------------------------------------------------------------ */

static bool is_id(const char *text)
{
    struct uuid id;
    return uuid_parse(text, &id) == AM_OK;
}

/* What a column takes at least. */
static size_t least(const struct table *t, size_t c, const bool *fixed)
{
    return fixed[c] || t->widths[c] < CUT_LEAST ? t->widths[c] : CUT_LEAST;
}

/* The columns of the screen that the shown ones take, cut as far as they may be or not at all. */
static size_t total(const struct table *t, const bool *fixed, bool cut)
{
    size_t sum = t->n_shown ? GAP * (t->n_shown - 1) : 0;
    for (size_t c = 0; c < t->n_shown; c++)
        sum += cut ? least(t, c, fixed) : t->widths[c];
    return sum;
}

/* The widest column that may be cut further. */
static size_t widest(const struct table *t, const bool *fixed)
{
    size_t best = 0;
    for (size_t c = 1; c < t->n_shown; c++) {
        const size_t room = t->widths[c] - least(t, c, fixed);
        if (room > 0 &&
            (t->widths[best] == least(t, best, fixed) || t->widths[c] > t->widths[best]))
            best = c;
    }
    return best;
}

static void fit(struct table *t, const bool *fixed, size_t columns)
{
    while (columns && t->n_shown > 1 && total(t, fixed, true) > columns)
        t->n_shown--;
    while (columns && total(t, fixed, false) > columns && total(t, fixed, true) <= columns)
        t->widths[widest(t, fixed)]--;
}

/* `cells`: the headings and the rows below them. */
static void measure(struct table *t, const char *const *cells, size_t rows, size_t columns)
{
    bool fixed[TABLE_COLUMNS_MAX] = {false};
    for (size_t i = 0; i < (rows + 1) * t->n; i++) {
        const size_t c = i % t->n, width = text_width(cells[i]);
        if (width > t->widths[c])
            t->widths[c] = width;
        fixed[c] = fixed[c] || is_id(cells[i]);
    }
    fit(t, fixed, columns);
}

/* -- printing ---------------------------------------------------------------------------------- */

static void print_row(const struct table *t, const char *const *cells, const struct view *view,
                      struct arena *arena)
{
    const char *line = "";
    for (size_t c = 0; c < t->n_shown && line; c++) {
        const char *text = view->columns ? text_cut(cells[c], t->widths[c], arena) : cells[c];
        const size_t width = text_width(text);
        const size_t pad =
            c + 1 == t->n_shown ? 0 : GAP + (width < t->widths[c] ? t->widths[c] - width : 0);
        line = arena_printf(arena, "%s%s%*s", line, text, (int)pad, "");
    }
    AM_ASSERT(line != NULL);
    out_line("%s", line);
}

size_t table_page(struct table *t, const ProtobufCMessage *response, const char *list,
                  const struct view *view, struct arena *arena)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(response->descriptor, list);
    AM_ASSERT(f != NULL);
    const size_t rows =
        *(const size_t *)(const void *)((const char *)response + f->quantifier_offset);
    ProtobufCMessage *const *items = *(ProtobufCMessage *const *const *)cell_at(response, f);
    const char **cells = ARENA_ARRAY(arena, const char *, (rows + 1) * t->n);
    for (size_t i = 0; i < (rows + 1) * t->n; i++) {
        const size_t row = i / t->n, c = i % t->n;
        cells[i] = row ? cell(t, c, items[row - 1], view, arena) : cell_heading(t->paths[c]);
    }
    if (rows == 0)
        return 0;
    if (!t->headed) {
        measure(t, cells, rows, view->columns);
        print_row(t, cells, view, arena);
        t->headed = true;
    }
    for (size_t r = 1; r <= rows; r++)
        print_row(t, &cells[r * t->n], view, arena);
    return rows;
}

void table_line(const struct table *t, const ProtobufCMessage *item, const struct view *view,
                struct arena *arena)
{
    const char *line = "";
    bool given = false;
    for (size_t c = 0; c < t->n && line; c++) {
        const char *text = cell(t, c, item, view, arena);
        given = given || *text;
        line = arena_printf(arena, "%s%s%s", line, c ? "  " : "", text);
    }
    AM_ASSERT(line != NULL);
    if (given) /* a heartbeat has nothing to show */
        out_line("%s", view->columns ? text_cut(line, view->columns, arena) : line);
    (void)out_flush();
}
