/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/audit.h"

#include <inttypes.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "amendsctl/call.h"
#include "amendsctl/out.h"
#include "amendsctl/table.h"

int audit_run(const struct ctl *c)
{
    Amends__V1__AuditCasesRequest request =
        *(const Amends__V1__AuditCasesRequest *)c->line->request;
    int64_t cases = 0, findings = 0;
    int code = 0;
    struct table table;
    table_init(&table, "kind,case_id,clock_id,due_time,detail", c->arena);
    for (bool more = true; code == 0 && more;) {
        const ProtobufCMessage *reply = NULL;
        code = ctl_call(c, "AuditCases", &request.base, &reply);
        if (code)
            return code;
        const Amends__V1__AuditCasesResponse *r = (const Amends__V1__AuditCasesResponse *)reply;
        cases += r->cases;
        findings += (int64_t)r->n_findings;
        if (c->line->json)
            out_json(reply);
        else
            (void)table_page(&table, reply, "findings", &c->line->view, c->arena);
        request.page_token = r->next_page_token;
        more = *r->next_page_token != '\0';
    }
    if (!c->line->json)
        out_line("%" PRId64 " findings in %" PRId64 " open cases", findings, cases);
    return findings > 0;
}
