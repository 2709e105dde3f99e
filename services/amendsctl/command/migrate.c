/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `policy migrate` asks for all pages of MigrateCases. The pages go by status, so a case whose
 * status goes back meanwhile can be missed. So it walks over all pages again until a walk moves no
 * case.
 */

#include <inttypes.h>
#include <stdio.h>

#include "amends/v1/policy_service.pb-c.h"
#include "amendsctl/call.h"
#include "amendsctl/out.h"
#include "amendsctl/command/policy.h"
#include "amendsctl/table.h"

#define WALKS_MOST 10

struct totals {
    int64_t moved, changed, breaching, failed; /* cases that the last walk could not move */
};

static void add(struct totals *t, const Amends__V1__MigrateCasesResponse *r)
{
    t->moved += r->cases - r->failed;
    t->changed += r->changed;
    t->breaching += r->breaching;
    t->failed += r->failed;
}

static void print_totals(const struct totals *t, bool dry_run)
{
    char failed[80] = "";
    if (t->failed)
        (void)snprintf(failed, sizeof failed, "; %" PRId64 " could not be moved: run it again",
                       t->failed);
    out_line("%" PRId64 " change, %" PRId64 " %s now (of %" PRId64 " cases looked at%s)",
             t->changed, t->breaching, dry_run ? "would breach" : "breach", t->moved + t->failed,
             failed);
}

/* Fixes the version for all pages, because another one may become current meanwhile. */
static int fix_version(const struct ctl *c, Amends__V1__MigrateCasesRequest *request)
{
    const ProtobufCMessage *reply = NULL;
    Amends__V1__GetPolicyRequest get = AMENDS__V1__GET_POLICY_REQUEST__INIT;
    if (request->to_version)
        return 0;
    int code = ctl_call(c, "GetPolicy", &get.base, &reply);
    if (code == 0)
        request->to_version = ((const Amends__V1__GetPolicyResponse *)reply)->version->version;
    return code;
}

/* Asks for all pages, beginning at the one that the request names. */
static int walk(const struct ctl *c, Amends__V1__MigrateCasesRequest *request,
                struct totals *totals, struct table *table)
{
    totals->failed = 0;
    for (bool more = true; more;) {
        const ProtobufCMessage *reply = NULL;
        int code = ctl_call(c, "MigrateCases", &request->base, &reply);
        if (code)
            return code;
        const Amends__V1__MigrateCasesResponse *r = (const Amends__V1__MigrateCasesResponse *)reply;
        add(totals, r);
        if (c->line->json)
            out_json(reply);
        else
            (void)table_page(table, reply, "breaches", &c->line->view, c->arena);
        request->page_token = r->next_page_token;
        more = *r->next_page_token != '\0';
    }
    return 0;
}

int policy_run_migrate(const struct ctl *c)
{
    Amends__V1__MigrateCasesRequest request =
        *(const Amends__V1__MigrateCasesRequest *)c->line->request;
    struct totals totals = {0};
    struct table table;
    table_init(&table, "case_id,name,old_due_time,new_due_time", c->arena);
    int code = fix_version(c, &request);
    for (int walks = 0; code == 0 && walks < WALKS_MOST; walks++) {
        const int64_t moved = totals.moved;
        code = walk(c, &request, &totals, &table);
        if (request.dry_run || totals.moved == moved)
            break;
    }
    if (!c->line->json)
        print_totals(&totals, request.dry_run);
    return code == 0 && totals.failed > 0 ? 4 : code;
}
