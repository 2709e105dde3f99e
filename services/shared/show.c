/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/show.h"

#include <string.h>

#include "amends/v1/case.pb-c.h"
#include "amends/v1/types.pb-c.h"
#include "case/message/private.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"
#include "shared/access.h"

_Static_assert(PRIVATE_CONTACT == 1u << ACCESSED_FIELDS_CONTACT, "the contract's number");
_Static_assert(PRIVATE_WORDS == 1u << ACCESSED_FIELDS_TEXTS, "the contract's number");
_Static_assert(PRIVATE_EXPORT == 1u << ACCESSED_FIELDS_EXPORT, "the contract's number");

/* -- who sees what ----------------------------------------------------------------------------- */

/* Another role, such as OPERATOR, shows more only when it allows the call itself. */
static bool only_observes(struct rpc_call *call)
{
    const uint32_t roles = rpc_call_principal(call)->roles;
    if (!(roles & ROLE_BIT(ROLE_OBSERVER)))
        return false;
    return (roles & contract_call_roles(rpc_call_method(call))) == ROLE_BIT(ROLE_OBSERVER);
}

static uint32_t hidden_from(struct rpc_call *call, bool list)
{
    if (only_observes(call))
        return PRIVATE_CONTACT | PRIVATE_WORDS;
    return list ? PRIVATE_CONTACT : 0;
}

/* -- records ----------------------------------------------------------------------------------- */

/* "GetCase" of "/amends.v1.IntakeService/GetCase". */
static const char *method_name(const struct rpc_call *call)
{
    const char *path = rpc_call_method(call), *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct shown shown_by(struct rpc_call *call, int64_t tenant_id, uint32_t fields)
{
    const struct rpc_principal *p = rpc_call_principal(call);
    return (struct shown){.tenant_id = tenant_id,
                          .principal = p->id,
                          .via = strcmp(p->via, p->id) == 0 ? "" : p->via,
                          .method = method_name(call),
                          .customer_id = "",
                          .fields = fields};
}

/* A response under way. */
struct showing {
    struct service *service;
    struct shown shown;
    uint32_t hidden;
};

static bool note(const struct showing *x, const struct show_case *of, uint32_t fields)
{
    struct shown shown = x->shown;
    shown.fields = fields & ~x->hidden;
    shown.case_id = of->case_id;
    shown.customer_id = of->customer_id;
    return shown.fields == 0 || access_note(x->service->access, &shown);
}

static bool note_case(const struct showing *x, const Amends__V1__Case *c)
{
    struct show_case of = {.customer_id = c->customer_id};
    if (uuid_parse(c->case_id, &of.case_id) != AM_OK)
        return false;
    return note(x, &of, private_fields(&c->base));
}

static const void *member(const ProtobufCMessage *m, size_t offset)
{
    return (const char *)m + offset;
}

static bool note_cases_of(const struct showing *x, const ProtobufCMessage *response,
                          const ProtobufCFieldDescriptor *f)
{
    const void *at = member(response, f->offset);
    if (f->label != PROTOBUF_C_LABEL_REPEATED) {
        const Amends__V1__Case *c = *(Amends__V1__Case *const *)at;
        return !c || note_case(x, c);
    }
    const size_t n = *(const size_t *)member(response, f->quantifier_offset);
    for (size_t i = 0; i < n; i++)
        if (!note_case(x, (*(Amends__V1__Case * *const *)at)[i]))
            return false;
    return true;
}

static bool note_all(const struct showing *x, const ProtobufCMessage *response)
{
    for (unsigned i = 0; i < response->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &response->descriptor->fields[i];
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == &amends__v1__case__descriptor &&
            !note_cases_of(x, response, f))
            return false;
    }
    return true;
}

/* -- a response -------------------------------------------------------------------------------- */

static bool mask(const struct showing *x, ProtobufCMessage *response, struct arena *arena,
                 struct fault *fault)
{
    if (x->hidden == 0 || private_mask(response, x->hidden, arena))
        return true;
    fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the response needs more memory than a call may use; ask for less");
    return false;
}

bool show_personal(struct service *s, struct rpc_call *call, int64_t tenant_id,
                   ProtobufCMessage *response, const struct show_case *of, bool list,
                   struct arena *arena, struct fault *fault)
{
    const struct showing x = {
        .service = s, .shown = shown_by(call, tenant_id, 0), .hidden = hidden_from(call, list)};
    if (!mask(&x, response, arena, fault))
        return false;
    if (!s->access)
        return true;
    if (of ? note(&x, of, private_fields(response)) : note_all(&x, response))
        return true;
    access_fault(fault);
    return false;
}

uint32_t show_masks(struct rpc_call *call)
{
    return hidden_from(call, false);
}

bool show_record(struct service *s, struct rpc_call *call, int64_t tenant_id,
                 const struct show_case *of, uint32_t shown, struct fault *fault)
{
    const struct showing x = {.service = s, .shown = shown_by(call, tenant_id, 0)};
    if (!s->access || note(&x, of, shown))
        return true;
    access_fault(fault);
    return false;
}

bool show_agent(struct rpc_call *call, Amends__V1__Agent *agent, struct arena *arena,
                struct fault *fault)
{
    if (!only_observes(call) || !*agent->email)
        return true;
    agent->email = private_mask_contact(agent->email, arena);
    if (agent->email)
        return true;
    fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the response needs more memory than a call may use; ask for less");
    return false;
}

bool show_may_write(const struct service *s, struct fault *fault)
{
    if (!s->access || access_has_room(s->access))
        return true;
    access_fault(fault);
    return false;
}

void show_export(struct service *s, struct rpc_call *call, int64_t tenant_id,
                 const char *customer_id, void (*done)(void *ctx, const struct fault *fault),
                 void *ctx)
{
    struct shown shown = shown_by(call, tenant_id, PRIVATE_EXPORT);
    shown.customer_id = customer_id;
    if (s->access)
        access_write(s->access, &shown, done, ctx);
    else
        done(ctx, NULL);
}
