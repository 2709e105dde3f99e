/* SPDX-License-Identifier: Apache-2.0 */

/* Who is told how: whether every channel leads somewhere, and whether quiet hours end. */

#include <string.h>

#include "base/bits.h"
#include "contract/check.h"
#include "contract/words.h"
#include "policy/notify.h"
#include "policy/validate/validate.h"

#define AT(...) problem_path(problems, __VA_ARGS__)
#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* -- addresses of desks ------------------------------------------------------------------------ */

static bool is_id(const char *text)
{
    return strspn(text, ID_CHARS) == strlen(text);
}

static void check_desk(const struct policy *p, int i, struct bundle_problems *problems)
{
    const struct policy_level *l = &p->levels[i];
    const bool says = *l->steward_email || *l->steward_webhook || *l->steward_language;
    const char *at = AT("ladder[%d].steward", i - 1);
    if (says && p->format < 2)
        problem_error(problems, at,
                      "has an email, a webhook or a language: that needs a bundle of `amends: 2`");
    if (*l->steward_email && !check_is_email(l->steward_email))
        problem_error(problems, AT("%s.email", at),
                      "is no address for mail such as "
                      "desk@example.com");
    if (!is_id(l->steward_webhook))
        problem_error(problems, AT("%s.webhook", at), "is no id of a webhook");
    if (*l->steward_language && !check_is_language(l->steward_language))
        problem_error(problems, AT("%s.language", at),
                      "is not a BCP 47 language tag such as en or de-AT");
}

/* -- rules ------------------------------------------------------------------------------------- */

static bool is_of_level(const struct policy_channel_rule *r, int level)
{
    return r->levels == 0 || (r->levels >> level & 1) != 0;
}

/* A rule names a channel that leads nowhere for the desk of a level. */
static void check_leads(const struct policy *p, size_t i, int level,
                        struct bundle_problems *problems)
{
    const struct policy_channel_rule *r = &p->notify.rules[i];
    const struct policy_level *l = &p->levels[level];
    const bool to_desk = r->to == 0 || (r->to & POLICY_TOLD_STEWARD) != 0;
    if (!to_desk || !is_of_level(r, level))
        return;
    if ((r->channels & BIT_OF(NOTIFICATION_CHANNEL_EMAIL)) && !*l->steward_email)
        problem_error(problems, AT("notify.channels[%zu].by", i),
                      "email: `%s`, the steward of level %d, has no address; give "
                      "ladder[%d].steward.email, or `to: agent`",
                      l->steward, level, level - 1);
    if ((r->channels & BIT_OF(NOTIFICATION_CHANNEL_WEBHOOK)) && !*policy_webhook(p, l->steward))
        problem_error(problems, AT("notify.channels[%zu].by", i),
                      "webhook: none is named for level %d; give notify.webhook or "
                      "ladder[%d].steward.webhook",
                      level, level - 1);
}

static void check_rule(const struct policy *p, size_t i, struct bundle_problems *problems)
{
    const struct policy_channel_rule *r = &p->notify.rules[i];
    policy_validate_entry(p, SCOPE_CHANNEL, r, AT("notify.channels[%zu]", i), problems);
    for (int level = 1; level <= p->n_levels; level++)
        check_leads(p, i, level, problems);
    if (r->to == POLICY_TOLD_AGENT && (r->channels & BIT_OF(NOTIFICATION_CHANNEL_WEBHOOK)) &&
        !*p->notify.webhook)
        problem_error(problems, AT("notify.channels[%zu].by", i),
                      "webhook: none is named for agents; give notify.webhook");
    if (r->levels && (r->levels & ((2u << p->n_levels) - 2)) == 0)
        problem_error(problems, AT("notify.channels[%zu].level", i),
                      "is above the top of the ladder, level %d", p->n_levels);
}

/* A desk to which nobody writes when a case is late, though the policy writes to others. */
static void check_reached(const struct policy *p, int level, struct bundle_problems *problems)
{
    const struct policy_notice late = {.recipient = p->levels[level].steward,
                                       .level = level,
                                       .kind = NOTIFICATION_KIND_ESCALATION,
                                       .threshold = 100,
                                       .urgent = true};
    const uint32_t written =
        BIT_OF(NOTIFICATION_CHANNEL_EMAIL) | BIT_OF(NOTIFICATION_CHANNEL_WEBHOOK);
    if ((policy_channels(p, &late) & written) == 0)
        problem_warning(problems, "notify.channels",
                        "nobody writes to level %d (`%s`) when a case comes to it late: its people "
                        "learn of it only when they look",
                        level, p->levels[level].steward);
}

/* -- hours and link ---------------------------------------------------------------------------- */

static void check_hours(const struct policy *p, struct bundle_problems *problems)
{
    const int hours = p->notify.hours;
    if (hours >= 0 && hours < (int)p->n_calendars && p->calendars[hours].spec.n_windows == 0)
        problem_error(problems, "notify.hours",
                      "`%s` has hours on single dates only: after the last one it would be quiet "
                      "for ever",
                      p->calendars[hours].name);
}

/* The length of a placeholder that may stand there; 0 = it is none. */
static size_t placeholder(const char *at)
{
    static const char *const known[] = {"{case_id}", "{reference}", "{tenant}"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(at, known[i], strlen(known[i])) == 0)
            return strlen(known[i]);
    return 0;
}

static const char *wrong_in_link(const char *link)
{
    if (strncmp(link, "https://", 8) != 0 && strncmp(link, "http://", 7) != 0)
        return "is no address that begins with https:// or http://";
    for (const char *c = link; *c; c++) {
        if (*c <= ' ' || (unsigned char)*c > 0x7e || strchr("\"<>\\^`|", *c))
            return "has a character that no address may have; write it as %20 and the like";
        const size_t len = *c == '{' ? placeholder(c) : 0;
        if ((*c == '{' && len == 0) || *c == '}')
            return "has a placeholder that is none of {case_id}, {reference}, {tenant}";
        c += len ? len - 1 : 0;
    }
    if (!strstr(link, "{case_id}") && !strstr(link, "{reference}"))
        return "names no case: it needs {case_id} or {reference}";
    return NULL;
}

void policy_validate_notify(const struct policy *p, struct bundle_problems *problems)
{
    const struct policy_telling *n = &p->notify;
    for (int level = 1; level <= p->n_levels; level++)
        check_desk(p, level, problems);
    policy_validate_entry(p, SCOPE_NOTIFY, n, "notify", problems);
    check_hours(p, problems);
    const char *why = *n->link ? wrong_in_link(n->link) : NULL;
    if (why)
        problem_error(problems, "notify.link", "%s", why);
    if (!is_id(n->webhook))
        problem_error(problems, "notify.webhook", "is no id of a webhook");
    for (size_t i = 0; i < n->n_rules; i++)
        check_rule(p, i, problems);
    for (int level = 1; n->n_rules > 0 && level <= p->n_levels; level++)
        check_reached(p, level, problems);
}
