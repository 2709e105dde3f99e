/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an SMTP server's answers mean.
 *
 * Threading: pure. Ownership: the caller's memory.
 */

#include "outbound/smtp_session.h"

/* The phase that a command of the client begins; `now` for one that begins none. `line` need not
 * end with a NUL. */
enum smtp_phase smtp_phase_of(const char *line, size_t len, enum smtp_phase now);

/* The code at the beginning of a line of an answer; 0 when it begins with none. */
int smtp_code_of(const char *line, size_t len);

/* What a dialogue came to that did not end well. Only the answer to the recipient or to the content
 * refuses a mail for good: a greeting, a login or a sender that is refused says something of this
 * installation, which somebody will mend, and nothing of the recipient. */
enum smtp_outcome smtp_outcome_of(enum smtp_phase phase, int code);

/* Writes "recipient: TEXT", with one space for everything that is no printable UTF-8 and without
 * spaces at its end. Cut where a character ends. */
void smtp_say(enum smtp_phase phase, const char *text, size_t len, char out[SMTP_TEXT_BYTES]);
/* The same without what stands before it. */
void smtp_clean(const char *text, size_t len, char out[SMTP_TEXT_BYTES]);
