/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/commands.h"

#include <string.h>

#include "amends/v1/access_service.pb-c.h"
#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/feed_service.pb-c.h"
#include "amends/v1/history_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/notification_service.pb-c.h"
#include "amends/v1/policy_service.pb-c.h"
#include "amends/v1/privacy_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "amends/v1/webhook_service.pb-c.h"
#include "amends/v1/work_service.pb-c.h"
#include "amendsctl/command/audit.h"
#include "amendsctl/command/checkpoint.h"
#include "amendsctl/complete.h"
#include "amendsctl/context.h"
#include "amendsctl/command/events.h"
#include "amendsctl/command/explain.h"
#include "amendsctl/command/key.h"
#include "amendsctl/command/listen.h"
#include "amendsctl/out.h"
#include "amendsctl/command/policy.h"
#include "amendsctl/command/privacy.h"
#include "amendsctl/command/roles.h"
#include "amendsctl/command/today.h"
#include "base/assert.h"
#include "base/options.h"

#define CASE_COLUMNS                                                                               \
    "reference,case_id,status,customer_id,failure.code,owner.id,open_time,severity,level,"         \
    "next_due.due_time,next_due.kind"
#define EVENT_COLUMNS "sequence,=event_time,kind,via>actor,detail.status,detail.level,personal.text"
#define AGENT_COLUMNS "agent_id,display_name,team,level,presence,load,capacity"
#define OFFER_COLUMNS                                                                              \
    "offer.state,offer.offer_id,offer.case_id,case.customer_id,case.failure.code,"                 \
    "offer.expire_time"
#define NOTIFICATION_COLUMNS                                                                       \
    "urgent,create_time,kind,cause,ask,level,case_id,notification_id,acknowledge_time"
#define WORK_COLUMNS                                                                               \
    "due_time,overdue,reason,clock_kind,case_id,customer_name,failure_code,severity,level,"        \
    "owner_id,next_action"
#define FEED_COLUMNS                                                                               \
    "=event.event_time,case_id,event.sequence,event.kind,event.actor,customer_id,failure_code,"    \
    "level,owner_id"
#define WATCH_COLUMNS                                                                              \
    "server_time,change,case.reference,case.case_id,case.status,case.next_due.due_time,"           \
    "offer.state,offer.offer_id,notification.kind,notification.cause,notification.ask,"            \
    "notification.case_id,presence.presence,next_action"
#define KEY_COLUMNS "key_id,principal,roles,state,end_time,last_use_time,description"
/* What tells that a case was written: enough for the next command. */
#define WROTE_CASE "case.case_id,case.version,case.status,case.owner.id,case.level"
#define WROTE_OFFER "offer.offer_id,offer.state"
#define WROTE_REMEDY "remedy.remedy_id,remedy.state"
#define WROTE_AGENT "agent.agent_id,agent.version,agent.presence"
/* The output-only fields of an agent: `agent presence` sets presence, the rest is the server's. */
#define AGENT_HIDDEN "version,presence,presence_time,presence_cause,load,idle_since_time"

const char *const local_names[LOCALS] = {
    [LOCAL_OUT] = "out", [LOCAL_PUBLIC_KEY] = "public-key", [LOCAL_LISTEN] = "listen"};

#define CALL(n, v, s, m, p, h, ...)                                                                \
    {                                                                                              \
        .noun = (n), .verb = (v), .server = (s), .method = (m), .positional = (p), .help = (h),    \
        __VA_ARGS__                                                                                \
    }

static int version_run(const struct ctl *c)
{
    (void)c;
    out_line("amendsctl %s", options_version());
    return 0;
}

const struct ctl_command ctl_commands[] = {
    CALL("case", "open", SERVER_INTAKE, "OpenCase", "",
         "open a case, or add a signal to the open one", .wrote = "joined," WROTE_CASE),
    CALL("case", "get", SERVER_INTAKE, "GetCase", "case_id", "show a case with all its parts"),
    CALL("case", "list", SERVER_INTAKE, "ListCases", "",
         "list cases, newest first or by what is due", .hidden = "status",
         .renamed = "statuses=status", .list = "cases", .columns = CASE_COLUMNS),
    CALL("case", "history", SERVER_INTAKE, "GetCaseHistory", "case_id", "list the events of a case",
         .list = "events", .columns = EVENT_COLUMNS),
    CALL("case", "signals", SERVER_INTAKE, "ListSignals", "case_id",
         "list the signals of a case with their texts, newest first", .list = "signals",
         .columns = "number,received_time,channel,reporter,text"),
    CALL("case", "contacts", SERVER_INTAKE, "ListContacts", "case_id",
         "list the contacts of a case with their notes, newest first", .list = "contacts",
         .columns = "contact_time,direction,channel,outcome,actor,note"),
    CALL("case", "acts", SERVER_INTAKE, "ListActs", "case_id",
         "list the acts of a case with their notes, newest first", .list = "acts",
         .columns = "act_time,kind,actor,note"),
    CALL("case", "verify", SERVER_INTAKE, "VerifyCaseHistory", "case_id",
         "check that nothing was altered: no event, and no row of the case"),
    CALL("case", "card", SERVER_INTAKE, "GetContactCard", "case_id",
         "show who is accountable, as the customer may see it"),
    CALL("case", "escalate", SERVER_ASSIGNMENT, "EscalateCase", "case_id",
         "move a case up the ladder by hand", .wrote = WROTE_CASE),
    CALL("case", "pause", SERVER_RESOLUTION, "PauseCase", "case_id",
         "pause the clocks of a case, for a reason", .wrote = WROTE_CASE),
    CALL("case", "resume", SERVER_RESOLUTION, "ResumeCase", "case_id",
         "let the clocks of a case run again", .wrote = WROTE_CASE),
    CALL("case", "deny", SERVER_RESOLUTION, "DenyClaim", "case_id",
         "deny the claim, with the reason told to the customer", .wrote = WROTE_CASE),
    CALL("case", "resolve", SERVER_RESOLUTION, "ResolveCase", "case_id",
         "resolve a case, if nothing is missing", .wrote = WROTE_CASE),
    CALL("case", "close", SERVER_RESOLUTION, "CloseCase", "case_id", "close a resolved case",
         .wrote = WROTE_CASE),
    CALL("case", "reopen", SERVER_RESOLUTION, "ReopenCase", "case_id",
         "begin another round of a case", .wrote = WROTE_CASE),
    CALL("clock", "retarget", SERVER_RESOLUTION, "RetargetClock", "case_id,clock_id",
         "give a clock another deadline, for a reason", .wrote = WROTE_CASE),
    CALL("agent", "put", SERVER_ASSIGNMENT, "PutAgent", "agent_id", "create or replace an agent",
         .inner = "agent", .hidden = AGENT_HIDDEN, .wrote = "created," WROTE_AGENT),
    CALL("agent", "get", SERVER_ASSIGNMENT, "GetAgent", "agent_id",
         "show an agent with the present load"),
    CALL("agent", "list", SERVER_ASSIGNMENT, "ListAgents", "", "list agents", .list = "agents",
         .columns = AGENT_COLUMNS),
    CALL("agent", "presence", SERVER_ASSIGNMENT, "SetPresence", "presence",
         "say whether an agent takes cases", .wrote = WROTE_AGENT),
    CALL("offer", "request", SERVER_ASSIGNMENT, "RequestAssignment", "", "ask for the next case",
         .wrote = WROTE_OFFER "," WROTE_CASE, .empty = "no case waits that you may take"),
    CALL("offer", "watch", SERVER_ASSIGNMENT, "WatchOffers", "",
         "show the caller's offers as they come", .columns = OFFER_COLUMNS),
    CALL("offer", "accept", SERVER_ASSIGNMENT, "AcceptOffer", "case_id,offer_id",
         "accept an offer and own its case", .wrote = WROTE_OFFER "," WROTE_CASE),
    CALL("offer", "decline", SERVER_ASSIGNMENT, "DeclineOffer", "case_id,offer_id",
         "decline an offer", .wrote = WROTE_OFFER),
    CALL("today", "", SERVER_WORK, "ListWork", "",
         "show what is overdue and due today, with the commands to type next",
         .hidden = "due_before,overdue_only,page_size,page_token", .takes_all = true,
         .run = today_run),
    CALL("work", "list", SERVER_WORK, "ListWork", "", "list what there is to do, soonest first",
         .list = "items", .columns = WORK_COLUMNS),
    CALL("work", "watch", SERVER_WORK, "WatchWork", "",
         "show what concerns the caller as it comes: offers, own cases, notifications, presence",
         .columns = WATCH_COLUMNS),
    CALL("work", "summary", SERVER_WORK, "GetWorkSummary", "",
         "count what is overdue and due soon"),
    CALL("escalation", "acknowledge", SERVER_ASSIGNMENT, "AcknowledgeEscalation", "case_id",
         "say that the level has taken notice of a case", .wrote = WROTE_CASE),
    CALL("notification", "list", SERVER_NOTIFICATION, "ListNotifications", "",
         "list what the caller was told, first what nobody acknowledged", .list = "notifications",
         .columns = NOTIFICATION_COLUMNS),
    CALL("notification", "ack", SERVER_NOTIFICATION, "AcknowledgeNotification", "",
         "take notice of notifications: --notifications CASE:NOTIFICATION,..."),
    CALL("notification", "bounce", SERVER_NOTIFICATION, "ReportBounce", "message_id",
         "take down that a mail came back"),
    CALL("contact", "record", SERVER_RESOLUTION, "RecordContact", "case_id",
         "record a contact with the customer, or an attempt", .wrote = "contact_id," WROTE_CASE),
    CALL("contact", "correct", SERVER_RESOLUTION, "CorrectContact", "case_id,contact_id",
         "correct what a contact by the customer asks for", .wrote = "contact_id," WROTE_CASE),
    CALL("act", "record", SERVER_RESOLUTION, "RecordAct", "case_id",
         "record thanks, an apology or an explanation", .wrote = "act_id," WROTE_CASE),
    CALL("promise", "make", SERVER_RESOLUTION, "MakePromise", "case_id",
         "record a promise to the customer", .wrote = "promise_id," WROTE_CASE),
    CALL("promise", "settle", SERVER_RESOLUTION, "SettlePromise", "case_id,promise_id",
         "say what became of a promise", .wrote = "promise_id," WROTE_CASE),
    CALL("cause", "record", SERVER_RESOLUTION, "RecordRootCause", "case_id",
         "record the root cause", .wrote = WROTE_CASE),
    CALL("remedy", "propose", SERVER_RESOLUTION, "ProposeRemedy", "case_id",
         "propose a remedy to the customer", .wrote = WROTE_REMEDY "," WROTE_CASE),
    CALL("remedy", "answer", SERVER_RESOLUTION, "RecordCustomerResponse", "case_id,remedy_id",
         "record what the customer said to a remedy", .wrote = WROTE_REMEDY "," WROTE_CASE),
    CALL("remedy", "fulfil", SERVER_RESOLUTION, "ReportFulfilment", "case_id,remedy_id",
         "report whether a remedy reached the customer", .wrote = WROTE_REMEDY "," WROTE_CASE),
    CALL("policy", "apply", SERVER_POLICY, "ApplyPolicy", "<source",
         "show what a bundle changes, and make it the current policy", .run = policy_run_apply),
    CALL("policy", "diff", SERVER_POLICY, "ApplyPolicy", "<source",
         "show what a bundle would change, and its errors", .hidden = "expected_version,dry_run",
         .run = policy_run_diff),
    CALL("policy", "lint", SERVER_POLICY, "ApplyPolicy", "<source",
         "show a bundle's errors; needs no server", .hidden = "expected_version,dry_run",
         .offline = true, .run = policy_run_lint),
    CALL("policy", "get", SERVER_POLICY, "GetPolicy", "",
         "print the current bundle, or that of another version", .run = policy_run_get),
    CALL("policy", "default", SERVER_POLICY, "GetPolicy", "",
         "print the default bundle; needs no server", .hidden = "version", .offline = true,
         .run = policy_run_default),
    CALL("policy", "versions", SERVER_POLICY, "ListPolicyVersions", "",
         "list the versions, newest first", .list = "versions",
         .columns = "version,current,create_time,creator"),
    CALL("policy", "migrate", SERVER_POLICY, "MigrateCases", "", "move all open cases to a version",
         .hidden = "page_token", .run = policy_run_migrate),
    CALL("policy", "explain", SERVER_INTAKE, "ExplainDeadline", "case_id,clock_id?",
         "explain the deadline of a clock, or of all running clocks", .run = explain_run),
    CALL("key", "create", SERVER_ACCESS, "CreateApiKey", "principal",
         "make an API key, into the file --out or onto the terminal", .run = key_run_make),
    CALL("key", "list", SERVER_ACCESS, "ListApiKeys", "", "list API keys, newest first",
         .list = "api_keys", .columns = KEY_COLUMNS),
    CALL("key", "get", SERVER_ACCESS, "GetApiKey", "key_id", "show an API key without its text"),
    CALL("key", "rotate", SERVER_ACCESS, "RotateApiKey", "key_id",
         "replace an API key by a new one; both work for 24 hours", .run = key_run_make),
    CALL("key", "revoke", SERVER_ACCESS, "RevokeApiKey", "key_id", "end an API key for good",
         .wrote = "api_key.key_id,api_key.principal,api_key.state,api_key.revoke_time,warnings"),
    CALL("customer", "export", SERVER_PRIVACY, "ExportCustomer", "customer_id",
         "write everything about a customer to standard output, as one JSON document",
         .run = privacy_run_export),
    CALL("customer", "erase", SERVER_PRIVACY, "EraseCustomer", "customer_id",
         "erase a customer's personal data for good; try it with --dry-run first",
         .wrote = "cases,erased,open,open_case_ids,erasure_id,end_time"),
    CALL("access", "list", SERVER_PRIVACY, "ListAccessRecords", "",
         "list who was shown personal data, newest first", .list = "records",
         .columns = "access_time,principal,via,method,customer_id,case_id,fields,reads"),
    CALL("events", "watch", SERVER_FEED, "WatchEvents", "",
         "follow the events of all cases --from latest, earliest or a token; reconnects by itself",
         .inner = "filter", .hidden = "", .renamed = "position=from", .items = "events",
         .columns = FEED_COLUMNS, .run = events_run_watch),
    CALL("events", "read", SERVER_FEED, "ReadEvents", "",
         "read a page of the events of all cases --from earliest, latest or a token",
         .inner = "filter", .hidden = "", .renamed = "position=from", .list = "events",
         .columns = FEED_COLUMNS, .run = events_run_read),
    CALL("webhook", "put", SERVER_WEBHOOK, "PutWebhook", "webhook_id,url",
         "tell another system of events by HTTP; a new secret is shown this once",
         .wrote = "created,webhook.webhook_id,webhook.state,webhook.url,webhook.cursor,secret"),
    CALL("webhook", "list", SERVER_WEBHOOK, "ListWebhooks", "",
         "list webhooks, with what became of them", .list = "webhooks",
         .columns = "webhook_id,state,url,delivered,last_attempt_time,last_status,pause_until_time,"
                    "last_error,"
                    "disable_reason"),
    CALL("webhook", "delete", SERVER_WEBHOOK, "DeleteWebhook", "webhook_id",
         "end a webhook for good", .wrote = "deleted"),
    CALL("webhook", "test", SERVER_WEBHOOK, "TestWebhook", "webhook_id",
         "send a test, and show what the receiver answered",
         .wrote = "delivered,status,answer,latency"),
    CALL("webhook", "deliveries", SERVER_WEBHOOK, "ListDeliveries", "webhook_id?",
         "list what a webhook did not take at once, newest first", .list = "deliveries",
         .columns = "delivery_id,state,case_id,sequence,attempts,status,next_attempt_time,error"),
    CALL("webhook", "redeliver", SERVER_WEBHOOK, "Redeliver", "webhook_id?",
         "send again: --delivery-ids, --dead-from-time, or everything from --cursor on",
         .wrote = "redelivered,more"),
    CALL("webhook", "listen", SERVER_WEBHOOK, NULL, "@FILE",
         "receive webhooks on --listen, check them by the secret in a file, and print them",
         .offline = true, .locals = LOCAL_BIT(LOCAL_LISTEN), .run = listen_run),
    CALL("audit", "", SERVER_ASSIGNMENT, "AuditCases", "",
         "look for clocks that did not fire and cases without a clock or owner; exit 1 if any",
         .hidden = "page_token", .run = audit_run),
    CALL("context", "list", SERVER_INTAKE, NULL, "", "list the contexts, * before the chosen one",
         .offline = true, .run = context_run_list),
    CALL("context", "use", SERVER_INTAKE, NULL, "name", "make a context the current one",
         .offline = true, .run = context_run_use),
    CALL("context", "show", SERVER_INTAKE, NULL, "name?",
         "show what a context says, or the chosen one", .offline = true, .run = context_run_show),
    CALL("roles", "", SERVER_INTAKE, NULL, "", "show which roles may make which call",
         .offline = true, .run = roles_run),
    CALL("verify", "", SERVER_HISTORY, "VerifyHistories", "",
         "check all histories of the tenant, with its checkpoints; exit 1 if anything is found",
         .hidden = "page_token", .takes_all = true, .run = checkpoint_run_verify_all),
    CALL("checkpoint", "list", SERVER_HISTORY, "ListCheckpoints", "",
         "list the signed checkpoints, oldest first", .list = "checkpoints",
         .columns = "number,checkpoint_time,heads,key_id"),
    CALL("checkpoint", "export", SERVER_HISTORY, "ListCheckpoints", "",
         "write checkpoints with their heads into a file, to be kept elsewhere",
         .hidden = "page_size,page_token", .locals = LOCAL_BIT(LOCAL_OUT),
         .run = checkpoint_run_export),
    CALL("checkpoint", "verify", SERVER_HISTORY, "ListCheckpoints", "@FILE",
         "check such a file, and that the server still has the same checkpoints",
         .hidden = "page_size,page_token,after_number", .locals = LOCAL_BIT(LOCAL_PUBLIC_KEY),
         .run = checkpoint_run_verify),
    CALL("checkpoint", "check", SERVER_HISTORY, NULL, "@FILE",
         "check such a file by itself; needs no server", .offline = true,
         .locals = LOCAL_BIT(LOCAL_PUBLIC_KEY), .run = checkpoint_run_check),
    CALL("completion", "bash", SERVER_INTAKE, NULL, "",
         "print completion for bash: source <(amendsctl completion bash)", .offline = true,
         .run = complete_run_script),
    CALL("completion", "zsh", SERVER_INTAKE, NULL, "",
         "print completion for zsh: source <(amendsctl completion zsh)", .offline = true,
         .run = complete_run_script),
    CALL("completion", "fish", SERVER_INTAKE, NULL, "",
         "print completion for fish: amendsctl completion fish | source", .offline = true,
         .run = complete_run_script),
    CALL("version", "", SERVER_INTAKE, NULL, "", "print the version; --version does the same",
         .offline = true, .run = version_run),
};

const size_t ctl_n_commands = sizeof ctl_commands / sizeof *ctl_commands;

const ProtobufCServiceDescriptor *ctl_service(enum command_server server)
{
    static const ProtobufCServiceDescriptor *const services[SERVERS] = {
        &amends__v1__intake_service__descriptor,     &amends__v1__assignment_service__descriptor,
        &amends__v1__resolution_service__descriptor, &amends__v1__work_service__descriptor,
        &amends__v1__policy_service__descriptor,     &amends__v1__access_service__descriptor,
        &amends__v1__history_service__descriptor,    &amends__v1__privacy_service__descriptor,
        &amends__v1__feed_service__descriptor,       &amends__v1__notification_service__descriptor,
        &amends__v1__webhook_service__descriptor,
    };
    return services[server];
}

const struct ctl_command *ctl_find(const char *noun, const char *verb)
{
    for (size_t i = 0; i < ctl_n_commands; i++) {
        const struct ctl_command *c = &ctl_commands[i];
        if (strcmp(c->noun, noun) == 0 && (!*c->verb || (verb && strcmp(c->verb, verb) == 0)))
            return c;
    }
    return NULL;
}

bool ctl_has_noun(const char *noun)
{
    for (size_t i = 0; i < ctl_n_commands; i++) {
        if (strcmp(ctl_commands[i].noun, noun) == 0)
            return true;
    }
    return false;
}

unsigned ctl_method_index(enum command_server server, const char *method)
{
    const ProtobufCServiceDescriptor *s = ctl_service(server);
    unsigned i = 0;
    while (i < s->n_methods && strcmp(s->methods[i].name, method) != 0)
        i++;
    AM_ASSERT(i < s->n_methods);
    return i;
}
