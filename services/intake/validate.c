/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/decide/decide.h"

#include <string.h>

#include "case/model/desired.h"
#include "contract/check.h"

#define CUSTOMER_ID_BYTES 128
#define SHORT_TEXT_BYTES 200
#define LONG_TEXT_BYTES 4000
#define TIER_BYTES 64
#define ZONE_BYTES 64
#define BRANCHES_BYTES 400

/* "billing, delivery, outage"; cut off with "..." when a taxonomy has very many. */
static void list_branches(const struct policy *p, char out[BRANCHES_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < p->n_failures; i++) {
        const char *code = p->failures[i].code;
        size_t len = strlen(code);
        if (strchr(code, '.'))
            continue;
        if (used + len + sizeof(", ...") > BRANCHES_BYTES) {
            memcpy(out + used, "...", sizeof("..."));
            return;
        }
        memcpy(out + used, code, len);
        memcpy(out + used + len, ", ", sizeof(", "));
        used += len + 2;
    }
    if (used >= 2)
        out[used - 2] = '\0';
}

void failure_code_validate(const char *code, const struct policy *policy, struct fault *fault)
{
    if (policy_failure_find(policy, code))
        return;
    char branches[BRANCHES_BYTES];
    list_branches(policy, branches);
    fault_violation(fault, "failure.code",
                    "'%s' is not a failure of the policy, whose branches are: %s", code, branches);
}

static void check_failure_code(const char *code, const struct policy *policy, struct fault *fault)
{
    size_t before = fault->n_violations + fault->n_left_out;
    check_code(fault, "failure.code", code, CHECK_CODE_BYTES_MAX, true);
    if (policy && fault->n_violations + fault->n_left_out == before)
        failure_code_validate(code, policy, fault);
}

static void check_failure(const Amends__V1__Failure *f, int64_t now_us, const struct policy *policy,
                          struct fault *fault)
{
    if (!f) {
        fault_violation(fault, "failure", "is required");
        return;
    }
    check_failure_code(f->code, policy, fault);
    check_text(fault, "failure.description", f->description, LONG_TEXT_BYTES, true);
    check_past_time(fault, "failure.occurred_time", f->occurred_time, now_us, false);
    check_text(fault, "failure.product", f->product, SHORT_TEXT_BYTES, false);
    check_text(fault, "failure.order_reference", f->order_reference, SHORT_TEXT_BYTES, false);
    check_money(fault, "failure.money_at_stake", f->money_at_stake, AMOUNT_ANY);
}

static void check_desired(const Amends__V1__OpenCaseRequest *r, struct fault *fault)
{
    if (r->n_desired_outcomes > DESIRED_MAX) {
        fault_violation(fault, "desired_outcomes", "has %zu items, more than %d",
                        r->n_desired_outcomes, DESIRED_MAX);
        return;
    }
    for (size_t i = 0; i < r->n_desired_outcomes; i++) {
        const char *field = arena_printf(fault->arena, "desired_outcomes[%zu]", i);
        check_enum(fault, field ? field : "desired_outcomes",
                   &amends__v1__desired_outcome__descriptor, (int)r->desired_outcomes[i], true);
    }
}

static void check_zone(const char *name, struct fault *fault)
{
    if (name[0] != '\0' && (strlen(name) > ZONE_BYTES || !zone_get(name)))
        fault_violation(fault, "customer_time_zone", "is no IANA time zone such as Europe/London");
}

void open_case_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault)
{
    const Amends__V1__OpenCaseRequest *r = (const Amends__V1__OpenCaseRequest *)request;
    (void)check_uuid(fault, "request_id", r->request_id, NULL);
    check_enum(fault, "trigger", &amends__v1__trigger__descriptor, (int)r->trigger, true);
    check_enum(fault, "channel", &amends__v1__channel__descriptor, (int)r->channel, true);
    check_text(fault, "customer_id", r->customer_id, CUSTOMER_ID_BYTES, true);
    check_text(fault, "customer_name", r->customer_name, SHORT_TEXT_BYTES, false);
    check_text(fault, "customer_contact", r->customer_contact, SHORT_TEXT_BYTES, false);
    check_language(fault, "language", r->language, false);
    check_text(fault, "customer_tier", r->customer_tier, TIER_BYTES, false);
    check_zone(r->customer_time_zone, fault);
    check_failure(r->failure, now_us, policy, fault);
    check_range(fault, "severity", r->severity, 0, POLICY_SEVERITY_MAX);
    check_desired(r, fault);
    check_range(fault, "minutes_lost", r->minutes_lost, 0, CHECK_MINUTES_LOST_MAX);
    check_text(fault, "external_reference", r->external_reference, SHORT_TEXT_BYTES, false);
}
