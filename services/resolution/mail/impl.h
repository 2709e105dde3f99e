/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the channel share. Private to resolution/mail.
 *
 * A job comes into a batch, with all that come in the same turn of the loop for one tenant; the
 * batch is looked up; then each of its jobs is answered or goes into a letter; letters wait for the
 * server.
 *
 * Threading: io loop's thread. Ownership: a letter owns its jobs until it answers them.
 */

#include "outbound/smtp.h"
#include "resolution/delivery/read.h"
#include "resolution/mail/compose.h"
#include "resolution/mail/mail.h"

#define MAIL_AT_ONCE 40
/* Mails handed to the threads at once: one that waits for a thread and one that is sent both end
 * within DELIVERY_LASTS_US. */
#define MAIL_IN_SMTP_MAX 8
/* A letter that waits for longer is put off. */
#define MAIL_WAITS_US (20 * US_PER_S)
#define MAIL_PUT_OFF_US (5 * US_PER_S)

/* A job with what is known of it. */
struct mail_entry {
    struct delivery_job *job; /* NULL = answered */
    bool found;
    struct mail_facts facts;
    struct mail_recipient to;
};

/* Jobs of one tenant that came together. */
struct mail_batch {
    struct list link;
    struct mail_channel *channel;
    struct arena arena;
    int64_t tenant_id;
    const struct policy *policy; /* while letters are written */
    size_t n;
    struct mail_entry entries[MAIL_AT_ONCE];
};

/* A mail on its way, with the jobs that it answers. */
struct mail_letter {
    struct list link;
    struct mail_channel *channel;
    struct arena arena;
    int64_t tenant_id, since_us;
    struct smtp_mail mail;
    struct uuid id;
    size_t n;
    struct delivery_job *jobs[MAIL_AT_ONCE];
};

struct mail_channel {
    struct service *service;
    struct deliveries *deliveries;
    unsigned first_stmt;
    const struct smtp_settings *settings;
    struct smtp *smtp;
    struct list batches; /* that are being gathered */
    struct loop_idle gathered;
    struct list letters; /* that wait for the server */
    size_t in_smtp;
    struct loop_timer *look;
    bool stopped;
};

void mail_answer(struct delivery_job *job, enum delivery_outcome outcome, int32_t status,
                 const char *text, int64_t wait_us);

/* lookup.c: looks the batch up and hands it to mail_write_letters(); then it is freed. */
void mail_look_up(struct mail_batch *b);

/* letter.c: answers what needs no mail and makes letters of the rest. */
void mail_write_letters(struct mail_batch *b);
/* Hands letters to the server as long as it has room. */
void mail_send_letters(struct mail_channel *m);
/* Gives up letters that have waited for longer than `most_us`. */
void mail_put_off_letters(struct mail_channel *m, int64_t most_us);
