/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include <stdarg.h>

void bundle_problems_init(struct bundle_problems *problems, struct arena *arena)
{
    *problems = (struct bundle_problems){.arena = arena};
}

static bool make_room(struct bundle_problems *problems)
{
    if (problems->n == BUNDLE_PROBLEMS_MAX)
        return false;
    if (!problems->items)
        problems->items =
            arena_alloc(problems->arena, BUNDLE_PROBLEMS_MAX * sizeof(problems->items[0]));
    return problems->items != NULL;
}

void bundle_problem_add(struct bundle_problems *problems, const struct bundle_problem *where,
                        const char *fmt, ...)
{
    problems->n_errors += !where->warning;
    problems->n_refusals += where->refusal;
    if (!make_room(problems)) {
        problems->n_left_out++;
        return;
    }
    va_list args;
    va_start(args, fmt);
    const char *text = arena_vprintf(problems->arena, fmt, args);
    va_end(args);
    const char *path = where->path ? arena_strdup(problems->arena, where->path) : "";
    struct bundle_problem *p = &problems->items[problems->n++];
    *p = *where;
    p->text = text ? text : "is wrong";
    p->path = path ? path : "";
}

static void AM_PRINTF(3, 0)
    add_at(struct bundle_problems *problems, const struct bundle_problem *where, const char *fmt,
           va_list args)
{
    const char *text = NULL;
    if (problems->n < BUNDLE_PROBLEMS_MAX)
        text = arena_vprintf(problems->arena, fmt, args);
    bundle_problem_add(problems, where, "%s", text ? text : "is wrong");
}

void problem_error(struct bundle_problems *problems, const char *path, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_at(problems, &(struct bundle_problem){.path = path}, fmt, args);
    va_end(args);
}

void problem_warning(struct bundle_problems *problems, const char *path, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_at(problems, &(struct bundle_problem){.path = path, .warning = true}, fmt, args);
    va_end(args);
}

void problem_refusal(struct bundle_problems *problems, const char *path, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_at(problems, &(struct bundle_problem){.path = path, .refusal = true}, fmt, args);
    va_end(args);
}

const char *problem_path(struct bundle_problems *problems, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = arena_vprintf(problems->arena, fmt, args);
    va_end(args);
    return text ? text : "";
}

void bundle_problems_fault(const struct bundle_problems *problems, struct fault *fault)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct bundle_problem *p = &problems->items[i];
        const char *path = arena_strdup(fault->arena, p->path[0] ? p->path : "source");
        if (p->warning)
            continue;
        if (p->line > 0)
            fault_violation(fault, path ? path : "source", "line %d, column %d: %s", p->line,
                            p->column, p->text);
        else
            fault_violation(fault, path ? path : "source", "%s", p->text);
    }
}

Amends__V1__PolicyProblem *bundle_problem_message(const struct bundle_problem *p,
                                                  struct arena *arena)
{
    Amends__V1__PolicyProblem *m = ARENA_NEW(arena, Amends__V1__PolicyProblem);
    amends__v1__policy_problem__init(m);
    m->line = p->line;
    m->column = p->column;
    m->path = (char *)(uintptr_t)p->path; /* protobuf-c's strings are not const */
    m->message = (char *)(uintptr_t)p->text;
    m->warning = p->warning;
    return m;
}
