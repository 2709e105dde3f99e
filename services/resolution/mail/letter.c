/* SPDX-License-Identifier: Apache-2.0 */

/* Letters: notifications as mails, handed to the server. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "contract/words.h"
#include "resolution/mail/impl.h"
#include "resolution/mail/recipient.h"

#define LETTER_ARENA_BYTES (1u << 20)

/* -- what became of a letter ------------------------------------------------------------------- */

static void free_letter(struct mail_letter *l)
{
    arena_free(&l->arena);
    free(l);
}

static void answer_all(struct mail_letter *l, enum delivery_outcome outcome, int32_t status,
                       const char *text, int64_t wait_us)
{
    for (size_t i = 0; i < l->n; i++)
        mail_answer(l->jobs[i], outcome, status, text, wait_us);
    free_letter(l);
}

static void digest_kept(struct sender_read *r, const struct fault *fault)
{
    (void)r;
    (void)fault;
}

/* What bounces later is found by the mail's id. One notification's is its own; of several, a row of
 * the table tells. Without the row nobody would know a bounce, but nothing is lost. */
static void keep_digest(const struct mail_letter *l, const struct smtp_result *result)
{
    struct mail_channel *m = l->channel;
    struct sender_read *r =
        sender_read_new(m->service, m->first_stmt, l->tenant_id, NULL, digest_kept, m);
    struct pg_args *args = sender_read_add(r, STMT_MAIL_DIGEST);
    pg_arg_int8(args, l->tenant_id);
    pg_arg_uuid(args, &l->id);
    pg_arg_text(args, l->jobs[0]->row.receiver);
    pg_arg_time(args, time_now_us(loop_time(m->service->loop)));
    pg_arg_int4(args, result->code);
    pg_arg_text(args, result->text);
    sender_read_start(r);
}

/* What is said before a recipient is named is about this installation, and names nobody. */
static void log_failure(const struct smtp_result *r)
{
    if (r->outcome == SMTP_LATER && r->phase < SMTP_RECIPIENT)
        log_warn("mail", "server_fails", LOG_STR("why", r->text));
}

static void sent(void *ctx, const struct smtp_result *r)
{
    static const enum delivery_outcome outcomes[] = {[SMTP_DELIVERED] = DELIVERY_TAKEN,
                                                     [SMTP_LATER] = DELIVERY_FAILED,
                                                     [SMTP_REFUSED] = DELIVERY_REFUSED,
                                                     [SMTP_CUT] = DELIVERY_PUT_OFF};
    struct mail_letter *l = ctx;
    struct mail_channel *m = l->channel;
    m->in_smtp--;
    log_failure(r);
    if (r->outcome == SMTP_DELIVERED && l->n > 1)
        keep_digest(l, r);
    answer_all(l, outcomes[r->outcome], r->code, r->text, 0);
    mail_send_letters(m);
}

/* -- the queue --------------------------------------------------------------------------------- */

void mail_send_letters(struct mail_channel *m)
{
    while (!m->stopped && m->in_smtp < MAIL_IN_SMTP_MAX && !list_empty(&m->letters)) {
        struct mail_letter *l = CONTAINER_OF(list_pop_front(&m->letters), struct mail_letter, link);
        m->in_smtp++;
        AM_ASSERT(smtp_send(m->smtp, &l->mail, sent, l) == AM_OK);
    }
}

void mail_put_off_letters(struct mail_channel *m, int64_t most_us)
{
    const int64_t now_us = time_mono_us();
    LIST_FOR_EACH_SAFE (it, &m->letters) {
        struct mail_letter *l = CONTAINER_OF(it, struct mail_letter, link);
        if (now_us - l->since_us <= most_us)
            continue;
        list_remove(it);
        answer_all(l, DELIVERY_PUT_OFF, 0, "the mail server is busy with others",
                   m->stopped ? 0 : MAIL_PUT_OFF_US);
    }
}

/* -- writing ----------------------------------------------------------------------------------- */

/* True when the notification needs no letter, and is answered. */
static bool answered(struct mail_entry *e)
{
    struct delivery_job *job = e->job;
    e->job = NULL;
    if (!e->found)
        mail_answer(job, DELIVERY_NOT_NEEDED, 0, "the notification is gone", 0);
    else if (e->facts.acknowledged)
        mail_answer(job, DELIVERY_NOT_NEEDED, 0, "it was acknowledged before", 0);
    else if (!mail_is_needed(&e->facts))
        mail_answer(job, DELIVERY_NOT_NEEDED, 0, "what it asks is done, or the case has ended", 0);
    else if (!*e->to.address)
        mail_answer(job, DELIVERY_FAILED, 0, "the recipient has no address of mail", 0);
    else if (!smtp_address_is_good(e->to.address))
        mail_answer(job, DELIVERY_FAILED, 0, "the recipient's address cannot be used", 0);
    else
        e->job = job;
    return e->job == NULL;
}

/* Policy says what is gathered: the kind of the row. */
static bool goes_with(const struct mail_entry *first, const struct mail_entry *e)
{
    return first->job->row.kind == DELIVERY_KIND_DIGEST_MAIL && e->job && e->found &&
           e->job->row.kind == DELIVERY_KIND_DIGEST_MAIL && mail_is_needed(&e->facts) &&
           strcmp(first->job->row.receiver, e->job->row.receiver) == 0;
}

/* Takes the entry, and what can go with it, into a letter. */
static size_t gather(struct mail_batch *b, size_t first, struct mail_letter *l,
                     struct mail_facts facts[MAIL_AT_ONCE])
{
    const struct mail_entry lead = b->entries[first];
    for (size_t i = first; i < b->n; i++) {
        struct mail_entry *e = &b->entries[i];
        if (i != first && !goes_with(&lead, e))
            continue;
        facts[l->n] = e->facts;
        l->jobs[l->n++] = e->job;
        e->job = NULL;
    }
    return l->n;
}

static int write_letter(struct mail_letter *l, const struct policy *p,
                        const struct mail_recipient *to, const struct mail_facts *facts, size_t n)
{
    struct slice message;
    struct mail_channel *m = l->channel;
    struct mail mail = {.from = m->settings->sender,
                        .at_us = time_now_us(loop_time(m->service->loop))};
    int err = mail_compose(p, mail_link_pattern(p), to, facts, n, &l->arena, &mail);
    if (!err)
        err = mail_write(&mail, &l->arena, &message);
    if (err)
        return err;
    l->id = mail.id;
    l->mail = (struct smtp_mail){.to = arena_strdup(&l->arena, to->address),
                                 .message = (const char *)message.data,
                                 .len = message.len};
    return l->mail.to ? AM_OK : AM_ENOMEM;
}

static void begin_letter(struct mail_batch *b, size_t first)
{
    static struct mail_facts facts[MAIL_AT_ONCE]; /* of the loop's one thread */
    struct mail_letter *l = calloc(1, sizeof *l);
    AM_ASSERT(l != NULL);
    arena_init(&l->arena, LETTER_ARENA_BYTES);
    l->channel = b->channel;
    l->tenant_id = b->tenant_id;
    l->since_us = time_mono_us();
    const struct mail_recipient to = b->entries[first].to;
    const size_t n = gather(b, first, l, facts);
    const int err = write_letter(l, b->policy, &to, facts, n);
    if (err == AM_OK) {
        list_push_back(&b->channel->letters, &l->link);
        return;
    }
    log_error("mail", "not_written", LOG_STR("why", err_text(err)));
    answer_all(l, DELIVERY_FAILED, 0,
               "the mail could not be written; the log of the service says why", 0);
}

void mail_write_letters(struct mail_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->entries[i].job && !answered(&b->entries[i]))
            begin_letter(b, i);
    mail_send_letters(b->channel);
    if (b->channel->stopped)
        mail_put_off_letters(b->channel, -1);
}
