/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Texts of notifications: templates with variables in {braces}, and rendering them.
 *
 *     Case {reference} is due at {due}.
 *
 * `{{` and `}}` stand for a brace. A line of a text (not of a subject, nor the line of a digest)
 * that has a variable without a value is left out as a whole, so that a text can name what not
 * every notification has.
 *
 * Threading: pure. Ownership: texts lie in the arena given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define TEMPLATE_LANGUAGES_MAX 16
#define TEMPLATE_LANGUAGE_BYTES_MAX 35
#define TEMPLATE_SUBJECT_BYTES_MAX 200
#define TEMPLATE_TEXT_BYTES_MAX 4000
#define TEMPLATE_PHRASE_BYTES_MAX 200
/* Of what a template becomes. */
#define TEMPLATE_SUBJECT_RENDERED_MAX 400
#define TEMPLATE_TEXT_RENDERED_MAX (24u << 10)

/* What a text is for. */
enum template_use {
    TEMPLATE_SUBJECT, /* of a mail with one notification */
    TEMPLATE_TEXT,
    TEMPLATE_DIGEST_SUBJECT, /* of a mail with several */
    TEMPLATE_DIGEST_TEXT,
    TEMPLATE_DIGEST_LINE, /* one of several */
    TEMPLATE_PHRASE,      /* words for a cause, or for what is asked; no variables */
    TEMPLATE_USES
};

enum template_variable {
    VARIABLE_REFERENCE, /* the case's, as people say it on the telephone */
    VARIABLE_LEVEL,     /* the name of the case's level */
    VARIABLE_FAILURE,   /* what went wrong, by the taxonomy's name */
    VARIABLE_SEVERITY,
    VARIABLE_CLOCK, /* the name of the clock whose step is told */
    VARIABLE_DUE,   /* when it is due, in the recipient's zone */
    VARIABLE_CAUSE, /* why it is told, in words */
    VARIABLE_ASK,   /* what is asked, in words */
    VARIABLE_LINK,  /* to the case, by the tenant's link pattern */
    VARIABLE_ABOUT, /* the principal whose mails come back */
    VARIABLE_COUNT, /* how many notifications a digest has */
    VARIABLE_LINES, /* they, a line each */
    VARIABLES
};

/* The names of variables by their numbers, NULL at their end. */
extern const char *const template_variables[VARIABLES + 1];

/* The variables that a text may have: bit n = variable n. */
uint32_t template_allowed(enum template_use use);

/* What is wrong with a template. */
struct template_mistake {
    const char *text; /* NULL = nothing */
    size_t at, len;   /* the part that it speaks of */
};

/* Looks at the braces and what is between them. Texts are constants: "is no variable", ... */
struct template_mistake template_check(const char *text, enum template_use use);

/* True for a tag such as "de" or "pt-BR". */
bool template_is_language(const char *tag);

/* Puts the values into a checked template; NULL and "" are no value. Control characters of values
 * become blanks, but for the ends of lines in VARIABLE_LINES. What is longer than
 * TEMPLATE_..._RENDERED_MAX is cut where a character ends. NULL when the arena is full. */
char *template_render(const char *text, enum template_use use, const char *const values[VARIABLES],
                      struct arena *arena);
