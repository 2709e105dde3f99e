/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Texts that others wrote, for a terminal: control characters are shown and not obeyed, and widths
 * are counted in columns of the screen. The properties of characters come from GLib's tables and
 * not from the locale, so that they are the same on every machine.
 *
 * Threading: pure. Ownership: results lie in the arena, or are the text given.
 */

#include <stddef.h>

#include "base/arena.h"

enum text_form {
    TEXT_LINE,  /* newlines are shown as \n: the text cannot forge another line */
    TEXT_LINES, /* newlines and tabs stay */
    TEXT_JSON,  /* a JSON document: what is shown in place of a character is its JSON escape */
};

/* Shows C0 and C1 controls, DEL, line and paragraph separators and invisible format characters (the
 * marks that change the direction of text are among them) as "\x1b" or "\u202e", and bytes that are
 * no UTF-8 as "\xff". The joiners of emoji and of Indic and Persian scripts stay. */
const char *text_visible(const char *text, enum text_form form, struct arena *arena);

/* The columns that a visible text takes: 2 for a wide character, 0 for a combining one. */
size_t text_width(const char *text);

/* The text if it is at most `columns` wide, else its beginning and "…", together `columns` wide. */
const char *text_cut(const char *text, size_t columns, struct arena *arena);
