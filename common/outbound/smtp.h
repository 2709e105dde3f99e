/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sends mail to one SMTP server, by a few threads of its own, because libcurl blocks its thread
 * after DATA and at QUIT. Mail waits in a bounded queue; the first free thread takes it, and keeps
 * its connection for the next one. What became of it is told on the io loop, which nothing here
 * holds up.
 *
 * A mail whose server is silent after the whole of it was sent may have been taken: it counts as
 * not delivered, and whoever sends it again does so under the same Message-ID.
 *
 * Threading: the io loop's thread. Ownership: smtp_free() ends it; mails are copied.
 */

#include "io/loop.h"
#include "outbound/smtp_session.h"

struct smtp;

#define SMTP_QUEUE_MAX 64
#define SMTP_THREADS 4

/* Starts the threads. `settings` are borrowed and were checked by smtp_settings_check(). */
struct smtp *smtp_new(struct loop *loop, const struct smtp_settings *settings);

/* Hands a mail over; `done` is called once, in a later turn of the loop. AM_EAGAIN, and no call,
 * while SMTP_QUEUE_MAX mails wait and after smtp_stop(). */
int smtp_send(struct smtp *s, const struct smtp_mail *mail,
              void (*done)(void *ctx, const struct smtp_result *result), void *ctx) AM_MUSTCHECK;

/* How many more mails can be handed over. */
size_t smtp_room(struct smtp *s);

/* True when no mail waits or is being sent. */
bool smtp_quiet(const struct smtp *s);

/* Ends the work: mails that no thread has begun are answered with SMTP_CUT, the others have
 * `patience_us` to come to their end, and then their connections are cut. `ended` is called once,
 * in a later turn. Even a thread that hangs in spite of all does not hold the end up. */
void smtp_stop(struct smtp *s, int64_t patience_us, void (*ended)(void *ctx), void *ctx);

/* Frees what smtp_stop() has ended; NULL is allowed. The loop may have ended, but not be freed. */
void smtp_free(struct smtp *s);
