/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A mail as RFC 5322 wants it: headers that no text can break out of, and a body of plain text.
 * What is not ASCII is written as RFC 2047 says in headers, and quoted-printable in the body.
 *
 * The mail says of itself that a program wrote it (RFC 3834), so that nobody's absence notice
 * answers it.
 *
 * Threading: pure. Ownership: the message lies in the arena given.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/uuid.h"

#define MAIL_SUBJECT_BYTES_MAX 500
#define MAIL_BODY_BYTES_MAX (32u << 10)

struct mail {
    const char *from, *to; /* addresses; smtp_address_is_good() */
    const char *from_name; /* how the sender is shown; "" = only the address */
    const char *subject;
    const char *text;     /* lines end with \n */
    const char *language; /* of the text, such as "de"; "" = not said */
    struct uuid id;       /* Message-ID is this id at the domain of `from`: a repeat has the same */
    struct uuid about;    /* mails about the same thing are shown as one thread; zero = none */
    const char *kind;     /* a word for filters: the header Amends-Kind */
    bool urgent;
    int64_t at_us; /* Date */
};

/* Writes the message. AM_EINVAL: a header's text has a control character or is no UTF-8, or a text
 * is longer than the bounds above. AM_ENOMEM: the arena is full. */
int mail_write(const struct mail *m, struct arena *arena, struct slice *out) AM_MUSTCHECK;

/* The id in a Message-ID that mail_write() made, with or without < and >. False when it is none. */
bool mail_id_parse(const char *message_id, struct uuid *out);
