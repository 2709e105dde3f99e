/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/rpc/list_filter.h"

#include <ctype.h>
#include <string.h>

#include "base/digest.h"
#include "contract/check.h"
#include "contract/reference.h"
#include "contract/statuses.h"
#include "contract/words.h"
#include "policy/policy.h"

#define REFERENCE_BYTES 200
#define STATUSES_ALL ((1u << CASE_STATUS_COUNT) - 2)

static int64_t time_us(struct fault *fault, const char *field, const Google__Protobuf__Timestamp *t)
{
    const int64_t seconds_max =
        253402300799; /* 9999-12-31T23:59:59Z, as google.protobuf.Timestamp says */
    if (!t)
        return 0;
    if (t->seconds < 0 || t->seconds > seconds_max || t->nanos < 0 || t->nanos > 999999999) {
        fault_violation(fault, field, "is not between 1970 and 9999");
        return 0;
    }
    return t->seconds * US_PER_S + t->nanos / 1000;
}

static uint32_t status_bit(struct fault *fault, const char *field, int status, bool required)
{
    check_enum(fault, field, CASE_STATUS_WORDS, status, required);
    return status > 0 && status < CASE_STATUS_COUNT ? 1u << status : 0;
}

/* The statuses asked for, a bit each. */
static uint32_t statuses_of(struct fault *fault, const Amends__V1__ListCasesRequest *req)
{
    uint32_t statuses = status_bit(fault, "status", (int)req->status, false);
    if (statuses && req->n_statuses > 0)
        fault_violation(fault, "statuses", "cannot be given together with status");
    for (size_t i = 0; i < req->n_statuses; i++)
        statuses |= status_bit(fault, "statuses", (int)req->statuses[i], true);
    return statuses;
}

/* -- what goes by work that is open ------------------------------------------------------------ */

static void check_open_only(struct case_filter *f, const Amends__V1__ListCasesRequest *req,
                            struct fault *fault)
{
    const char *by = f->level        ? "level"
                     : f->owner_kind ? "owner_kind"
                     : req->overdue  ? "overdue"
                     : f->by_due     ? "order DUE_FIRST"
                                     : NULL;
    if (!by)
        return;
    if (f->statuses & STATUSES_FINAL)
        fault_violation(fault, req->n_statuses > 0 ? "statuses" : "status",
                        "cannot be CLOSED, WITHDRAWN or MERGED together with %s, which is of cases "
                        "that have not ended; leave the one or the other out",
                        by);
    if (f->statuses == 0)
        f->statuses = STATUSES_ALL & ~STATUSES_FINAL;
}

static void check_order(const Amends__V1__ListCasesRequest *req, struct fault *fault)
{
    const char *found = req->customer_id[0]          ? "customer_id"
                        : req->order_reference[0]    ? "order_reference"
                        : req->external_reference[0] ? "external_reference"
                        : req->reference[0]          ? "reference"
                        : req->case_id_prefix[0]     ? "case_id_prefix"
                                                     : NULL;
    if (req->order == AMENDS__V1__CASE_ORDER__CASE_ORDER_DUE_FIRST && found)
        fault_violation(fault, "order",
                        "cannot be DUE_FIRST together with %s; it goes with owner_id, owner_kind, "
                        "level, failure_code, statuses that are not final, overdue and the times "
                        "of opening",
                        found);
}

/* -- ids --------------------------------------------------------------------------------------- */

static void set_nibble(struct uuid *id, size_t at, unsigned value)
{
    const unsigned shift = at % 2 ? 0 : 4;
    id->b[at / 2] = (uint8_t)((id->b[at / 2] & ~(0xfu << shift)) | value << shift);
}

static unsigned nibble_of(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0')
                                     : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

/* The range of ids that begin so. */
static void take_prefix(struct case_filter *f, const char *prefix, struct fault *fault)
{
    const size_t most = 2 * sizeof f->first_id.b;
    size_t n = 0;
    bool strange = false;
    f->by_id = true;
    memset(&f->last_id, 0xff, sizeof f->last_id);
    for (const char *p = prefix; *p; p++) {
        if (*p == '-')
            continue;
        strange = strange || !isxdigit((unsigned char)*p);
        if (n < most && !strange) {
            set_nibble(&f->first_id, n, nibble_of(*p));
            set_nibble(&f->last_id, n, nibble_of(*p));
        }
        n++;
    }
    if (strange || n == 0 || n > most)
        fault_violation(fault, "case_id_prefix", "is not 1 to %zu hexadecimal digits", most);
}

static void take_ids(struct case_filter *f, const Amends__V1__ListCasesRequest *req,
                     char reference[], struct fault *fault)
{
    reference[0] = '\0';
    if (req->reference[0] && req->case_id_prefix[0])
        fault_violation(fault, "case_id_prefix", "cannot be given together with reference");
    if (req->case_id_prefix[0])
        take_prefix(f, req->case_id_prefix, fault);
    if (req->reference[0] && reference_check(fault, "reference", req->reference, reference))
        f->by_id = true;
}

/* -- all --------------------------------------------------------------------------------------- */

void list_filter(struct case_filter *f, const Amends__V1__ListCasesRequest *req, int64_t now_us,
                 char reference[], struct fault *fault)
{
    f->customer_id = req->customer_id;
    f->owner_id = req->owner_id;
    f->failure_code = req->failure_code;
    f->statuses = statuses_of(fault, req);
    f->opened_from = time_us(fault, "open_time_from", req->open_time_from);
    f->opened_until = time_us(fault, "open_time_until", req->open_time_until);
    check_range(fault, "level", req->level, 0, POLICY_LEVELS_MAX);
    f->level = req->level;
    check_enum(fault, "owner_kind", OWNER_KIND_WORDS, (int)req->owner_kind, false);
    f->owner_kind = (int)req->owner_kind;
    check_text(fault, "order_reference", req->order_reference, REFERENCE_BYTES, false);
    f->order_reference = req->order_reference;
    check_text(fault, "external_reference", req->external_reference, REFERENCE_BYTES, false);
    f->external_reference = req->external_reference;
    f->due_before = req->overdue ? now_us : 0;
    check_enum(fault, "order", &amends__v1__case_order__descriptor, (int)req->order, false);
    f->by_due = req->order == AMENDS__V1__CASE_ORDER__CASE_ORDER_DUE_FIRST;
    take_ids(f, req, reference, fault);
    check_order(req, fault);
    check_open_only(f, req, fault);
}

uint64_t list_filter_hash(const struct case_filter *f, const char *reference)
{
    const bool overdue = f->due_before != 0;
    const struct slice fields[] = {slice_str("cases"),
                                   slice_str(f->customer_id),
                                   slice_str(f->owner_id),
                                   slice_str(f->failure_code),
                                   slice_of(&f->statuses, sizeof f->statuses),
                                   slice_of(&f->opened_from, sizeof f->opened_from),
                                   slice_of(&f->opened_until, sizeof f->opened_until),
                                   slice_of(&f->level, sizeof f->level),
                                   slice_of(&f->owner_kind, sizeof f->owner_kind),
                                   slice_str(f->order_reference),
                                   slice_str(f->external_reference),
                                   slice_of(&overdue, sizeof overdue),
                                   slice_of(&f->by_due, sizeof f->by_due),
                                   slice_str(reference),
                                   slice_of(&f->first_id, sizeof f->first_id),
                                   slice_of(&f->last_id, sizeof f->last_id)};
    const bool new_ones = f->level || f->owner_kind || f->order_reference[0] ||
                          f->external_reference[0] || overdue || f->by_due || f->by_id;
    const size_t before = 7;
    return digest_key(fields, new_ones ? sizeof fields / sizeof *fields : before);
}
