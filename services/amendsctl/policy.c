/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/policy.h"

#include <stdio.h>

#include "amends/v1/policy_service.pb-c.h"
#include "amendsctl/call.h"
#include "policy/compile/bundle.h"

/* -- problems and changes ---------------------------------------------------------------------- */

/* Prints a problem as compilers do: "bank.yaml:3:7: error: ...". */
static void print_problem(const char *file, const Amends__V1__PolicyProblem *p)
{
    (void)printf("%s:", file);
    if (p->line > 0)
        (void)printf("%d:%d:", p->line, p->column);
    (void)printf(" %s: %s%s%s\n", p->warning ? "warning" : "error", p->path, *p->path ? ": " : "",
                 p->message);
}

/* The number of errors. */
static size_t print_problems(const struct line *line, const Amends__V1__ApplyPolicyResponse *r)
{
    size_t errors = 0;
    for (size_t i = 0; i < r->n_problems; i++) {
        if (!line->json)
            print_problem(line->file, r->problems[i]);
        errors += !r->problems[i]->warning;
    }
    return errors;
}

static size_t print_comparison(const struct line *line, const Amends__V1__ApplyPolicyResponse *r)
{
    size_t errors = print_problems(line, r);
    for (size_t i = 0; i < r->n_changes && !line->json; i++)
        (void)printf("%s\n", r->changes[i]);
    return errors;
}

/* -- apply and diff ---------------------------------------------------------------------------- */

/* A dry run against `version` (0 = whatever is current). 1 when the bundle has errors. */
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
    if (code == 0 && print_comparison(c->line, *answer) > 0)
        code = 1;
    return code;
}

int policy_run_diff(const struct ctl *c)
{
    const Amends__V1__ApplyPolicyResponse *answer = NULL;
    int code = compare(c, 0, &answer);
    if (answer && c->line->json)
        ctl_print_json(&answer->base);
    return code;
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
    if (c->line->json)
        ctl_print_json(reply);
    else
        (void)printf("version %d is the current one now\n", r->version ? r->version->version : 0);
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
    if (code == 0 && !given->dry_run)
        return apply(c, version);
    if (answer && c->line->json)
        ctl_print_json(&answer->base);
    return code;
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
    (void)print_problems(c->line, &r);
    if (c->line->json)
        ctl_print_json(&r.base);
    else if (problems.n_left_out > 0)
        (void)printf("%s: and %zu more\n", c->line->file, problems.n_left_out);
    return problems.n_errors > 0;
}

static void print_text(const char *text)
{
    (void)fputs(text, stdout);
    (void)fflush(stdout);
}

int policy_run_default(const struct ctl *c)
{
    (void)c;
    print_text(bundle_default_source());
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
        ctl_print_json(reply);
    else if (r->version)
        print_text(r->version->source);
    return 0;
}
