/* SPDX-License-Identifier: Apache-2.0 */

/* AuditCases: finds what is wrong in one page of the tenant's open cases. The last page also has
 * late clocks of other cases. */

#include "assignment/audit/audit.h"
#include "base/assert.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "shared/page_token.h"

#define PAGE_USUAL 1000
#define PAGE_MOST 5000
#define FINDINGS_MOST 500

struct auditing {
    struct read_call *rc;
    struct audit_page page;
    Amends__V1__AuditCasesResponse response;
};

static uint64_t token_hash(void)
{
    const struct slice fields[] = {slice_str("audit")};
    return digest_key(fields, 1);
}

static char *id_text(struct auditing *u, const struct uuid *id)
{
    char *text = ARENA_ARRAY(u->rc->arena, char, UUID_TEXT_LEN + 1);
    return uuid_format(id, text);
}

static void add_finding(struct auditing *u, Amends__V1__AuditFindingKind kind,
                        const struct audit_row *row, const char *detail)
{
    struct arena *arena = u->rc->arena;
    if (u->response.n_findings == FINDINGS_MOST)
        return; /* the page has reported this case already */
    Amends__V1__AuditFinding *f = ARENA_NEW(arena, Amends__V1__AuditFinding);
    *f = (Amends__V1__AuditFinding)AMENDS__V1__AUDIT_FINDING__INIT;
    f->kind = kind;
    f->case_id = id_text(u, &row->case_id);
    f->detail = arena_strdup(arena, detail);
    if (kind == AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_OVERDUE_CLOCK) {
        f->clock_id = id_text(u, &row->clock_id);
        f->due_time = message_time(row->due_us, arena);
    }
    AM_ASSERT(f->detail != NULL);
    u->response.findings[u->response.n_findings++] = f;
}

static void finding(struct audit_page *p, Amends__V1__AuditFindingKind kind,
                    const struct audit_row *row, const char *detail)
{
    add_finding(p->ctx, kind, row, detail);
}

static void answer_page(struct auditing *u)
{
    rpc_reply(u->rc->call, &u->response.base);
}

static void rows_elsewhere(void *ctx, const struct audit_row *rows, size_t n,
                           const struct fault *fault)
{
    struct auditing *u = ctx;
    if (fault) {
        rpc_fail(u->rc->call, fault);
        return;
    }
    for (size_t i = 0; i < n; i++)
        add_finding(u, AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_OVERDUE_CLOCK, &rows[i],
                    "the clock was due and has not fired; the case is not open any more");
    answer_page(u);
}

static void page_ended(struct audit_page *p, const struct fault *fault)
{
    struct auditing *u = p->ctx;
    const bool at_end = p->at_end;
    if (fault) {
        struct arena rows = p->arena; /* the page lies in the call's arena */
        rpc_fail(u->rc->call, fault);
        arena_free(&rows);
        return;
    }
    u->response.cases = (int64_t)p->cases;
    if (!at_end)
        u->response.next_page_token =
            page_token_write(u->rc, token_hash(), slice_of(&p->last_seen, sizeof p->last_seen));
    audit_page_free(p);
    if (at_end)
        audit_ended(p->a, p->first_tenant, FINDINGS_MOST, rows_elsewhere, u);
    else
        answer_page(u);
}

static const struct fault *gone(struct audit_page *p)
{
    struct read_call *rc = ((struct auditing *)p->ctx)->rc;
    return read_call_gone(rc) ? &rc->fault : NULL;
}

static void start(struct read_call *rc)
{
    const Amends__V1__AuditCasesRequest *req = (const Amends__V1__AuditCasesRequest *)rc->request;
    struct auditing *u = ARENA_NEW(rc->arena, struct auditing);
    const struct slice after = page_token_read(rc, token_hash(), req->page_token);
    u->rc = rc;
    u->response = (Amends__V1__AuditCasesResponse)AMENDS__V1__AUDIT_CASES_RESPONSE__INIT;
    u->response.findings = ARENA_ARRAY(rc->arena, Amends__V1__AuditFinding *, FINDINGS_MOST);
    u->page = (struct audit_page){.a = rpc_call_user(rc->call),
                                  .first_tenant = rc->tenant->id,
                                  .last_tenant = rc->tenant->id,
                                  .most = FINDINGS_MOST,
                                  .finding = finding,
                                  .gone = gone,
                                  .ended = page_ended,
                                  .ctx = u};
    u->page.limit = page_size(&rc->fault, req->page_size, PAGE_USUAL, PAGE_MOST);
    if (after.len == sizeof(struct uuid))
        memcpy(&u->page.after, after.data, sizeof(struct uuid));
    if (read_call_valid(rc))
        audit_page_start(&u->page);
}

void rpc_audit_cases(struct rpc_call *call, void *service)
{
    rpc_call_set_user(call, service);
    service_read(((struct assignment *)service)->service, call, READ_PAGE, start);
}
