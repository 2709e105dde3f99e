/* SPDX-License-Identifier: Apache-2.0 */

/* ReportBounce: a mail came back after the mail server had taken it. */

#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/minmax.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "outbound/mail.h"
#include "resolution/rpc/bounce_notice.h"
#include "resolution/rpc/notifications.h"
#include "store/lists/bounces.h"

#define MESSAGE_ID_BYTES 256
#define TEXT_BYTES 500
#define CODE_LEAST 400
#define CODE_MOST 599
#define FAILS_FROM 3

static const char *const kinds[] = {"hard", "soft", NULL};
static METRIC_DEFINE_LABEL(bounces, METRIC_COUNTER, "amends_mail_bounces_total",
                           "Mails that were reported as come back after the mail server had taken "
                           "them: hard (the address does not work), soft.",
                           "kind", kinds);

static void refuse_unknown(struct read_call *rc, const char *message_id)
{
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_MAIL_NOT_FOUND,
              "no mail of this tenant has that Message-ID, or nothing is known of it any more");
    fault_meta(&rc->fault, "message_id", "%s", message_id);
}

static void tell(const struct read_call *rc, const Amends__V1__ReportBounceResponse *r)
{
    if (r->repeated)
        return;
    const bool hard = ((struct bounce *)rc->user)->hard;
    metric_add(&bounces, !hard, 1);
    if (hard && r->hard_bounces >= FAILS_FROM)
        log_warn("mail", "address_fails", LOG_STR("tenant", rc->read.tenant),
                 LOG_STR("recipient", r->recipient), LOG_INT("bounces", r->hard_bounces));
}

static void desk_told(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (rc)
        rpc_reply(rc->call, rc->user);
}

/* A repeated report does it, too, because the one before may have ended in between: what is there
 * already stays as it is. */
static void tell_desk(struct read_call *rc, const struct bounce_seen *seen,
                      const Amends__V1__ReportBounceResponse *r)
{
    const struct bounce b = *(const struct bounce *)rc->user;
    const struct policy *p =
        tenants_policy(rc->service->tenants, rc->tenant->id, rc->tenant->policy_version);
    Amends__V1__ReportBounceResponse *answer =
        ARENA_NEW(rc->arena, Amends__V1__ReportBounceResponse);
    *answer = *r;
    if (!p) {
        rpc_reply(rc->call, &answer->base);
        return;
    }
    struct delivery_row deliveries[NOTIFICATION_CHANNEL_COUNT];
    struct notification_row n;
    const size_t n_deliveries = bounce_notice(p, seen, &b, &n, deliveries);
    rc->user = &answer->base;
    rc->read.done = desk_told;
    store_tell_bounce(rc->service->store, &rc->read, &n, deliveries, n_deliveries);
}

static void reported(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    Amends__V1__ReportBounceResponse r = AMENDS__V1__REPORT_BOUNCE_RESPONSE__INIT;
    if (!rc)
        return;
    const struct bounce *b = rc->user;
    const struct bounce_seen *seen =
        read->found.n ? ROW_AT(&read->found, const struct bounce_seen, 0) : NULL;
    if (!seen) {
        refuse_unknown(rc, ((const Amends__V1__ReportBounceRequest *)rc->request)->message_id);
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    r.recipient = arena_strdup(rc->arena, seen->receiver);
    r.repeated = seen->repeated;
    r.hard_bounces =
        (int32_t)smaller(seen->hard_before + (b->hard && !seen->repeated), BOUNCES_COUNTED);
    tell(rc, &r);
    if (b->hard && r.hard_bounces >= FAILS_FROM && seen->has_case)
        tell_desk(rc, seen, &r);
    else
        rpc_reply(rc->call, &r.base);
}

/* An id that none of our mails can have names no mail. */
static void read_request(struct read_call *rc, struct bounce *b)
{
    const Amends__V1__ReportBounceRequest *req =
        (const Amends__V1__ReportBounceRequest *)rc->request;
    check_text(&rc->fault, "message_id", req->message_id, MESSAGE_ID_BYTES, true);
    check_enum(&rc->fault, "kind", BOUNCE_KIND_WORDS, (int)req->kind, true);
    if (req->code != 0)
        check_range(&rc->fault, "code", req->code, CODE_LEAST, CODE_MOST);
    check_text(&rc->fault, "text", req->text, TEXT_BYTES, false);
    if (!fault_is_set(&rc->fault) && !mail_id_parse(req->message_id, &b->id))
        refuse_unknown(rc, req->message_id);
    b->hard = req->kind == AMENDS__V1__BOUNCE_KIND__BOUNCE_KIND_HARD;
    b->code = req->code;
    b->text = req->text;
}

static void start(struct read_call *rc)
{
    struct bounce *b = ARENA_NEW(rc->arena, struct bounce);
    rc->user = b;
    metric_register(&bounces);
    read_request(rc, b);
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    b->now_us = time_now_us(loop_time(rc->service->loop));
    rc->read.done = reported;
    store_report_bounce(rc->service->store, &rc->read, b);
}

void notifications_bounce(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_ROW, start);
}
