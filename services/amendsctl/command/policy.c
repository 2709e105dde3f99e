/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/policy.h"

#include <stdio.h>

#include "amends/v1/policy_service.pb-c.h"
#include "amendsctl/call.h"
#include "amendsctl/out.h"
#include "policy/compile/bundle.h"

/* -- problems and changes ---------------------------------------------------------------------- */

/* Prints a problem as compilers do: "bank.yaml:3:7: error: ...". */
static void print_problem(const char *file, const Amends__V1__PolicyProblem *p)
{
    char place[32] = "";
    if (p->line > 0)
        (void)snprintf(place, sizeof place, "%d:%d:", p->line, p->column);
    out_line("%s:%s %s: %s%s%s", file, place, p->warning ? "warning" : "error", p->path,
             *p->path ? ": " : "", p->message);
}

static size_t count_errors(const Amends__V1__ApplyPolicyResponse *r)
{
    size_t errors = 0;
    for (size_t i = 0; i < r->n_problems; i++)
        errors += !r->problems[i]->warning;
    return errors;
}

static void print_problems(const char *file, const Amends__V1__ApplyPolicyResponse *r)
{
    for (size_t i = 0; i < r->n_problems; i++)
        print_problem(file, r->problems[i]);
}

/* The problems of the bundle and what it changes. 1 when it has errors, else 0. */
static int print_comparison(const struct line *line, const Amends__V1__ApplyPolicyResponse *r)
{
    if (line->json) {
        out_json(&r->base);
        return count_errors(r) > 0;
    }
    print_problems(line->file, r);
    for (size_t i = 0; i < r->n_changes; i++)
        out_line("%s", r->changes[i]);
    if (r->n_changes == 0 && count_errors(r) == 0)
        out_line("no changes");
    return count_errors(r) > 0;
}

/* -- apply and diff ---------------------------------------------------------------------------- */

/* A dry run against `version` (0 = whatever is current). */
static int compare(const struct ctl *c, int32_t version,
                   const Amends__V1__ApplyPolicyResponse **answer)
{
    const Amends__V1__ApplyPolicyRequest *given =
        (const Amends__V1__ApplyPolicyRequest *)c->line->request;
    Amends__V1__ApplyPolicyRequest request = *given;
    const ProtobufCMessage *reply = NULL;
    request.dry_run = true;
    request.expected_version = version;
    int code = ctl_call(c, "ApplyPolicy", &request.base, &reply);
    *answer = (const Amends__V1__ApplyPolicyResponse *)reply;
    return code;
}

int policy_run_diff(const struct ctl *c)
{
    const Amends__V1__ApplyPolicyResponse *answer = NULL;
    int code = compare(c, 0, &answer);
    return code ? code : print_comparison(c->line, answer);
}

/* The version given, else the current one. */
static int expected_version(const struct ctl *c, int32_t *version)
{
    const Amends__V1__ApplyPolicyRequest *given =
        (const Amends__V1__ApplyPolicyRequest *)c->line->request;
    const ProtobufCMessage *reply = NULL;
    *version = given->expected_version;
    if (*version)
        return 0;
    Amends__V1__ListPolicyVersionsRequest request = AMENDS__V1__LIST_POLICY_VERSIONS_REQUEST__INIT;
    int code = ctl_call(c, "ListPolicyVersions", &request.base, &reply);
    if (code)
        return code;
    const Amends__V1__ListPolicyVersionsResponse *r =
        (const Amends__V1__ListPolicyVersionsResponse *)reply;
    for (size_t i = 0; i < r->n_versions; i++)
        if (r->versions[i]->current)
            *version = r->versions[i]->version;
    return 0;
}

/* Writes first and prints then, so that a reader who goes away decides nothing. */
static int apply(const struct ctl *c, int32_t version)
{
    const Amends__V1__ApplyPolicyRequest *given =
        (const Amends__V1__ApplyPolicyRequest *)c->line->request;
    Amends__V1__ApplyPolicyRequest request = *given;
    const ProtobufCMessage *reply = NULL;
    request.expected_version = version;
    int code = ctl_call(c, "ApplyPolicy", &request.base, &reply);
    if (code)
        return code;
    const Amends__V1__ApplyPolicyResponse *r = (const Amends__V1__ApplyPolicyResponse *)reply;
    (void)print_comparison(c->line, r);
    if (!c->line->json)
        out_line("version %d is the current one %s", r->version ? r->version->version : 0,
                 r->unchanged ? "already, with the same source" : "now");
    return 0;
}

int policy_run_apply(const struct ctl *c)
{
    const Amends__V1__ApplyPolicyRequest *given =
        (const Amends__V1__ApplyPolicyRequest *)c->line->request;
    const Amends__V1__ApplyPolicyResponse *answer = NULL;
    int32_t version = 0;
    int code = expected_version(c, &version);
    if (code == 0)
        code = compare(c, version, &answer);
    if (code)
        return code;
    if (given->dry_run || count_errors(answer) > 0)
        return print_comparison(c->line, answer);
    return apply(c, version);
}

/* -- without a server -------------------------------------------------------------------------- */

int policy_run_lint(const struct ctl *c)
{
    const Amends__V1__ApplyPolicyRequest *given =
        (const Amends__V1__ApplyPolicyRequest *)c->line->request;
    Amends__V1__ApplyPolicyResponse r = AMENDS__V1__APPLY_POLICY_RESPONSE__INIT;
    struct bundle_problems problems;
    bundle_problems_init(&problems, c->arena);
    policy_free(bundle_compile(1, given->source, &problems));
    r.problems = ARENA_ARRAY(c->arena, Amends__V1__PolicyProblem *, problems.n + 1);
    for (size_t i = 0; i < problems.n; i++)
        r.problems[r.n_problems++] = bundle_problem_message(&problems.items[i], c->arena);
    if (c->line->json) {
        out_json(&r.base);
        return problems.n_errors > 0;
    }
    print_problems(c->line->file, &r);
    if (problems.n_left_out > 0)
        out_line("%s: and %zu more", c->line->file, problems.n_left_out);
    if (r.n_problems == 0)
        out_line("%s: no errors and no warnings", c->line->file);
    return problems.n_errors > 0;
}

int policy_run_default(const struct ctl *c)
{
    (void)c;
    out_text(bundle_default_source());
    return 0;
}

/* -- get --------------------------------------------------------------------------------------- */

int policy_run_get(const struct ctl *c)
{
    const ProtobufCMessage *reply = NULL;
    int code = ctl_call(c, "GetPolicy", c->line->request, &reply);
    if (code)
        return code;
    const Amends__V1__GetPolicyResponse *r = (const Amends__V1__GetPolicyResponse *)reply;
    if (c->line->json)
        out_json(reply);
    else if (r->version)
        out_text(r->version->source);
    return 0;
}
