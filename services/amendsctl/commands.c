/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/commands.h"

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"

#define CASE_COLUMNS "case_id,status,severity,level,customer_id,failure.code,owner.id,open_time"
#define EVENT_COLUMNS "sequence,event_time,kind,actor,detail.status,detail.level,personal.text"
#define AGENT_COLUMNS "agent_id,display_name,team,level,presence,load,capacity"

const struct ctl_command ctl_commands[] = {
    {"case", "open", SERVER_INTAKE, "OpenCase", "", NULL, NULL, NULL,
     "open a case, or join the one that is open"},
    {"case", "get", SERVER_INTAKE, "GetCase", "case_id", NULL, NULL, NULL,
     "show a case with all its parts"},
    {"case", "list", SERVER_INTAKE, "ListCases", "", NULL, "cases", CASE_COLUMNS,
     "list cases, newest first"},
    {"case", "history", SERVER_INTAKE, "GetCaseHistory", "case_id", NULL, "events", EVENT_COLUMNS,
     "list its events"},
    {"case", "verify", SERVER_INTAKE, "VerifyCaseHistory", "case_id", NULL, NULL, NULL,
     "prove that nothing was altered"},
    {"case", "card", SERVER_INTAKE, "GetContactCard", "case_id", NULL, NULL, NULL,
     "whom the customer can reach"},
    {"case", "deny", SERVER_RESOLUTION, "DenyClaim", "case_id", NULL, NULL, NULL,
     "deny the claim, with a disclosed reason"},
    {"case", "resolve", SERVER_RESOLUTION, "ResolveCase", "case_id", NULL, NULL, NULL,
     "pass the close gate"},
    {"case", "close", SERVER_RESOLUTION, "CloseCase", "case_id", NULL, NULL, NULL,
     "close a resolved case"},
    {"agent", "put", SERVER_ASSIGNMENT, "PutAgent", "agent_id", "agent", NULL, NULL,
     "create or replace an agent"},
    {"agent", "get", SERVER_ASSIGNMENT, "GetAgent", "agent_id", NULL, NULL, NULL,
     "show an agent and the present load"},
    {"agent", "list", SERVER_ASSIGNMENT, "ListAgents", "", NULL, "agents", AGENT_COLUMNS,
     "list agents"},
    {"agent", "presence", SERVER_ASSIGNMENT, "SetPresence", "presence", NULL, NULL, NULL,
     "say whether an agent takes cases"},
    {"offer", "request", SERVER_ASSIGNMENT, "RequestAssignment", "", NULL, NULL, NULL,
     "give me my next case"},
    {"offer", "watch", SERVER_ASSIGNMENT, "WatchOffers", "", NULL, NULL,
     "offer.state,offer.offer_id,offer.case_id,case.customer_id,case.failure.code,offer.expire_"
     "time",
     "my offers as they come"},
    {"offer", "accept", SERVER_ASSIGNMENT, "AcceptOffer", "case_id,offer_id", NULL, NULL, NULL,
     "become the owner"},
    {"offer", "decline", SERVER_ASSIGNMENT, "DeclineOffer", "case_id,offer_id", NULL, NULL, NULL,
     "let the next one be asked"},
    {"contact", "record", SERVER_RESOLUTION, "RecordContact", "case_id", NULL, NULL, NULL,
     "record a contact attempt"},
    {"act", "record", SERVER_RESOLUTION, "RecordAct", "case_id", NULL, NULL, NULL,
     "record thanks, apology or explanation"},
    {"cause", "record", SERVER_RESOLUTION, "RecordRootCause", "case_id", NULL, NULL, NULL,
     "record why it went wrong"},
    {"remedy", "propose", SERVER_RESOLUTION, "ProposeRemedy", "case_id", NULL, NULL, NULL,
     "propose a remedy"},
    {"remedy", "answer", SERVER_RESOLUTION, "RecordCustomerResponse", "case_id,remedy_id", NULL,
     NULL, NULL, "record what the customer said to it"},
    {"remedy", "fulfil", SERVER_RESOLUTION, "ReportFulfilment", "case_id,remedy_id", NULL, NULL,
     NULL, "report that it reached the customer"},
};

const size_t ctl_n_commands = sizeof ctl_commands / sizeof *ctl_commands;

const ProtobufCServiceDescriptor *ctl_service(enum command_server server)
{
    static const ProtobufCServiceDescriptor *const services[SERVERS] = {
        &amends__v1__intake_service__descriptor,
        &amends__v1__assignment_service__descriptor,
        &amends__v1__resolution_service__descriptor,
    };
    return services[server];
}

/* The output-only fields of an agent: `agent presence` sets presence, the rest is the server's to
 * say. */
const char *ctl_left_out(const struct ctl_command *c)
{
    return c->inner ? "version,presence,presence_time,load,idle_since_time" : "";
}

const struct ctl_command *ctl_find(const char *noun, const char *verb)
{
    for (size_t i = 0; i < ctl_n_commands; i++) {
        if (strcmp(ctl_commands[i].noun, noun) == 0 && strcmp(ctl_commands[i].verb, verb) == 0)
            return &ctl_commands[i];
    }
    return NULL;
}

unsigned ctl_method_index(const struct ctl_command *c)
{
    const ProtobufCServiceDescriptor *s = ctl_service(c->server);
    unsigned i = 0;
    while (i < s->n_methods && strcmp(s->methods[i].name, c->method) != 0)
        i++;
    AM_ASSERT(i < s->n_methods);
    return i;
}
