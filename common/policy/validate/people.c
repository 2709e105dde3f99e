/* SPDX-License-Identifier: Apache-2.0 */

/* The ladder and the failures. */

#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "contract/check.h"
#include "contract/word.h"
#include "contract/words.h"
#include "policy/validate/validate.h"
#include "policy/words.h"

#define CODE_CHARS "abcdefghijklmnopqrstuvwxyz0123456789._-"
#define PRINCIPAL_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@:-"
#define AT(...) problem_path(problems, __VA_ARGS__)

static bool made_of(const char *text, const char *chars, size_t max)
{
    size_t len = strlen(text);
    return len > 0 && len <= max && strspn(text, chars) == len;
}

/* -- ladder ------------------------------------------------------------------------------------ */

static void check_level(const struct policy *p, int i, struct bundle_problems *problems)
{
    const struct policy_level *l = &p->levels[i];
    policy_validate_entry(p, SCOPE_LEVEL, l, AT("ladder[%d]", i - 1), problems);
    if (!made_of(l->steward, PRINCIPAL_CHARS, CHECK_PRINCIPAL_BYTES_MAX))
        problem_error(problems, AT("ladder[%d].steward.id", i - 1),
                      "nobody would hold this level: needs a principal of letters, digits and "
                      "._@:-, at most %d bytes",
                      CHECK_PRINCIPAL_BYTES_MAX);
}

/* What a step up should change. */
static void check_step(const struct policy *p, int i, struct bundle_problems *problems)
{
    const struct policy_level *l = &p->levels[i];
    if (l->cost_per_touch_micros < l[-1].cost_per_touch_micros)
        problem_warning(problems, AT("ladder[%d].cost_per_touch", i - 1),
                        "is less than on the level below; every level up usually costs more");
    for (int k = 1; k < i; k++)
        if (l->steward[0] && strcmp(l->steward, p->levels[k].steward) == 0) {
            problem_warning(
                problems, AT("ladder[%d].steward.id", i - 1),
                "is the steward of level %d too: a case that climbs stays with the same "
                "people",
                k);
            break;
        }
}

static const char *authority_path(struct bundle_problems *problems, int level, int kind)
{
    char name[WORD_MAX];
    word_enum_name(REMEDY_KIND_WORDS, kind, name);
    return AT("ladder[%d].authority.%s", level - 1, name);
}

/* Going up must never lose authority: an escalation would end where less is possible. */
static void check_limit(const struct policy *p, int i, int kind, struct bundle_problems *problems)
{
    int64_t limit = p->levels[i].limit_micros[kind];
    const char *at = authority_path(problems, i, kind);
    if (limit < 0)
        problem_error(problems, at, "is negative");
    else if (i > 1 && limit < p->levels[i - 1].limit_micros[kind])
        problem_error(problems, at, "%s: less than the level below may give",
                      contract_word(REMEDY_KIND_WORDS, kind));
    else if (limit == 0 && policy_level_that_may(p, kind, 0) > 0)
        problem_warning(problems, at, "%s: this level has no authority for it",
                        contract_word(REMEDY_KIND_WORDS, kind));
}

static void check_ladder(const struct policy *p, struct bundle_problems *problems)
{
    if (p->n_levels < 1)
        problem_error(problems, "ladder", "needs at least one level");
    for (int i = 1; i <= p->n_levels; i++) {
        check_level(p, i, problems);
        if (i > 1)
            check_step(p, i, problems);
        for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++)
            check_limit(p, i, kind, problems);
    }
    for (int kind = 1; kind < REMEDY_KIND_COUNT && p->n_levels > 0; kind++)
        if (policy_level_that_may(p, kind, 0) == 0)
            problem_error(problems, authority_path(problems, p->n_levels, kind),
                          "%s: an authority that no level has, the highest must have some",
                          contract_word(REMEDY_KIND_WORDS, kind));
}

/* -- failures ---------------------------------------------------------------------------------- */

static bool has_code(const struct policy *p, const char *code, size_t len, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const char *other = p->failures[i].code;
        if (strncmp(other, code, len) == 0 && other[len] == '\0')
            return true;
    }
    return false;
}

/* False when it is none, which its skill may be taken from. */
static bool check_failure_code(const struct policy *p, size_t i, struct bundle_problems *problems)
{
    const char *code = p->failures[i].code;
    const char *at = AT("failures.%s", code);
    const char *dot = strrchr(code, '.');
    if (!made_of(code, CODE_CHARS, POLICY_NAME_BYTES_MAX) || code[0] == '.' || strstr(code, "..") ||
        (dot && dot[1] == '\0')) {
        problem_error(problems, at,
                      "is not a code: parts of a-z, 0-9, _ and - with dots between, at most %d "
                      "bytes",
                      POLICY_NAME_BYTES_MAX);
        return false;
    }
    if (has_code(p, code, strlen(code), i))
        problem_error(problems, at, "is there twice");
    else if (dot && !has_code(p, code, (size_t)(dot - code), p->n_failures))
        problem_error(problems, at, "has no branch: `%.*s` must be a failure too",
                      (int)(dot - code), code);
    return true;
}

static void check_skill(const struct policy_failure *f, struct bundle_problems *problems)
{
    if (f->skill[0] == '\0')
        return;
    if (!made_of(f->skill, CODE_CHARS, POLICY_NAME_BYTES_MAX))
        problem_error(problems, AT("failures.%s.skill", f->code), "is not a skill code");
    if (f->skill_level == 0)
        problem_error(problems, AT("failures.%s.skill_level", f->code), "is required");
}

static void check_failure(const struct policy *p, size_t i, struct bundle_problems *problems)
{
    const struct policy_failure *f = &p->failures[i];
    bool is_code = check_failure_code(p, i, problems);
    policy_validate_entry(p, SCOPE_FAILURE, f, AT("failures.%s", f->code), problems);
    if (is_code)
        check_skill(f, problems);
    bool is_kind = f->typical_remedy > 0 && f->typical_remedy < REMEDY_KIND_COUNT;
    if (is_kind && p->n_levels > 0 &&
        policy_level_that_may(p, f->typical_remedy, f->typical_micros) == 0)
        problem_error(problems, AT("failures.%s.amount", f->code),
                      "is more than any level may give: nobody could make it right");
}

void policy_validate_people(const struct policy *p, struct bundle_problems *problems)
{
    check_ladder(p, problems);
    if (p->n_failures == 0)
        problem_error(problems, "failures", "needs at least one failure");
    for (size_t i = 0; i < p->n_failures; i++)
        check_failure(p, i, problems);
}
