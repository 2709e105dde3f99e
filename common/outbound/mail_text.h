/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing the lines of a mail; private to common/outbound.
 *
 * Threading: pure. Ownership: the text lies in the arena given.
 */

#include <stdbool.h>

#include "base/arena.h"

struct mail_out {
    struct arena *arena;
    char *text;
    size_t len, room;
    bool full; /* the arena is; what was written is no mail */
};

void mail_out_init(struct mail_out *o, struct arena *arena);
void mail_put(struct mail_out *o, const char *text, size_t len);
void mail_puts(struct mail_out *o, const char *text);

/* True for UTF-8 without control characters. */
bool mail_is_header_text(const char *text);

/* A header whose text is the caller's, without the end of its line: as it is when it is short ASCII
 * that means nothing else, and otherwise in encoded words (RFC 2047), each on a line of at most 76
 * characters. In a name of somebody, more has a meaning. The text was checked by
 * mail_is_header_text(); the header's name has at most 20 characters. */
void mail_put_header(struct mail_out *o, const char *name, const char *text, bool is_name);

/* The body, quoted-printable: lines of at most 76 characters that end with CR LF. */
void mail_put_body(struct mail_out *o, const char *text);
