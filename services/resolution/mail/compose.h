/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The words of a mail: what is known of notifications, put into the texts of the policy.
 *
 * Nothing that a customer said and no customer's name is among what is known: mail leaves the
 * system in the clear.
 *
 * Threading: pure, but for look-ups of time zones. Ownership: texts lie in the arena given, or are
 * the caller's.
 */

#include "outbound/mail.h"
#include "policy/policy.h"

/* Who is written to. */
struct mail_recipient {
    const char *address;  /* "" = there is none */
    const char *language; /* a tag; "" = not known */
    const char *zone;     /* name of the tz database; "" = the company's */
};

/* What a mail tells of one notification. */
struct mail_facts {
    struct uuid case_id, notification_id;
    const char *tenant; /* its name */
    int16_t kind, cause, ask;
    bool urgent;
    bool acknowledged;
    int64_t created_at;
    const char *reference; /* "" = the case has none yet */
    int16_t level;         /* of the case when it was written; 0 = the present one */
    int16_t case_status, case_level, severity;
    const char *failure_code;
    const char *clock; /* its name; "" = it tells of no clock */
    int16_t clock_state;
    int64_t due_at;    /* 0 = none */
    const char *about; /* the principal whose mails come back; "" or NULL = of another kind */
};

/* Whether there is still a reason to send it: nobody has taken notice, a deadline that it warns of
 * is not met, and of a case that has ended it does not ask what nobody can do any more. The list of
 * notifications keeps it in any case. */
bool mail_is_needed(const struct mail_facts *f);

/* How the case is called: its reference, else its id. */
const char *mail_reference(const struct mail_facts *f, struct arena *arena);

/* When something is due on the recipient's wall: "2026-12-01 10:30 Europe/Berlin"; "" for 0. */
const char *mail_time(const struct policy *p, const struct mail_recipient *to, int64_t at_us,
                      struct arena *arena);

/* The tenant's pattern with {reference}, {case_id} and {tenant} replaced; "" without a pattern.
 * NULL: the arena is full. */
const char *mail_link(const char *pattern, const struct uuid *case_id, const char *reference,
                      const char *tenant, struct arena *arena);

/* Fills subject, text, language, from_name, id, kind, thread and urgency of a mail that tells of
 * the notification, or of several (n > 1: a digest). `link` is the tenant's pattern with
 * {reference}, {case_id} and {tenant}, "" = none. AM_ENOMEM: the arena is full. */
int mail_compose(const struct policy *p, const char *link, const struct mail_recipient *to,
                 const struct mail_facts *facts, size_t n, struct arena *arena,
                 struct mail *out) AM_MUSTCHECK;

/* The id of a mail about these notifications: that of the only one, else one that follows from all
 * of them in any order. So the repeat of a mail has its id, and a mail that says more has another.
 */
struct uuid mail_id_of(const struct mail_facts *facts, size_t n);
