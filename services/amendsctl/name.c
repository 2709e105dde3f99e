/* SPDX-License-Identifier: Apache-2.0 */
#include "amendsctl/name.h"

#include <string.h>

#include "amends/v1/intake_service.pb-c.h"
#include "amendsctl/out.h"
#include "base/assert.h"
#include "contract/reference.h"

#define CANDIDATES 10 /* that are shown */
#define NOT_FOUND 3   /* exit code, as for a call that says so */

/* A text field of the request; NULL when it has none of that name. */
static char **text_field(ProtobufCMessage *request, const char *name)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, name);
    if (!f || f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    return (char **)(void *)((char *)request + f->offset);
}

static bool is_prefix(const char *text)
{
    return *text && text[strspn(text, "0123456789abcdefABCDEF-")] == '\0';
}

/* -- asking ------------------------------------------------------------------------------------ */

static int ask(const struct ctl *c, const Amends__V1__ListCasesRequest *request,
               const Amends__V1__ListCasesResponse **found)
{
    struct line line = *c->line;
    struct ctl list = {.line = &line, .arena = c->arena};
    const ProtobufCMessage *reply = NULL;
    line.command = ctl_find("case", "list");
    line.request_id = NULL;
    if (ctl_connect(&line, &list.client))
        return 1;
    const int code = ctl_call(&list, "ListCases", &request->base, &reply);
    rpc_sync_free(list.client);
    *found = (const Amends__V1__ListCasesResponse *)reply;
    return code;
}

static int take(char **field, const Amends__V1__Case *found)
{
    *field = found->case_id;
    return 0;
}

/* -- what is not clear ------------------------------------------------------------------------- */

static int refuse_many(const char *said, const Amends__V1__ListCasesResponse *found)
{
    const bool more = found->n_cases > CANDIDATES;
    const size_t n = more ? CANDIDATES : found->n_cases;
    out_error("amendsctl: the ids of %s%zu cases begin with %s; give more of it, or a reference:",
              more ? "more than " : "", n, said);
    for (size_t i = 0; i < n; i++) {
        const Amends__V1__Case *one = found->cases[i];
        out_error("  %s  %s  %s", one->case_id, *one->reference ? one->reference : "-",
                  one->customer_id);
    }
    return 1;
}

static int refuse_none(const char *said, bool is_reference)
{
    out_error("amendsctl: no case %s %s",
              is_reference ? "has the reference" : "has an id that begins with", said);
    return NOT_FOUND;
}

static int refuse_text(const char *said, enum reference_form form)
{
    if (form == REFERENCE_CHECK)
        out_error("amendsctl: --case-id: %s is no reference of a case: one character is wrong, or "
                  "two changed "
                  "places",
                  said);
    else
        out_error("amendsctl: --case-id: %s is neither a case's id, nor the beginning of one, nor "
                  "a reference "
                  "(8 digits and letters of CDFHJKMPRTWXY)",
                  said);
    return 1;
}

/* -- the two ways ------------------------------------------------------------------------------ */

static int by_prefix(const struct ctl *c, char **field)
{
    Amends__V1__ListCasesRequest request = AMENDS__V1__LIST_CASES_REQUEST__INIT;
    const Amends__V1__ListCasesResponse *found = NULL;
    request.case_id_prefix = *field;
    request.page_size = CANDIDATES + 1;
    const int code = ask(c, &request, &found);
    if (code)
        return code;
    if (found->n_cases > 1)
        return refuse_many(*field, found);
    return found->n_cases == 1 ? take(field, found->cases[0]) : refuse_none(*field, false);
}

/* Eight digits and letters may be a reference and the beginning of an id. */
static int by_reference(const struct ctl *c, char **field, char *reference)
{
    Amends__V1__ListCasesRequest request = AMENDS__V1__LIST_CASES_REQUEST__INIT;
    const Amends__V1__ListCasesResponse *found = NULL;
    request.reference = reference;
    const int code = ask(c, &request, &found);
    if (code)
        return code;
    if (found->n_cases == 1)
        return take(field, found->cases[0]);
    return is_prefix(*field) ? by_prefix(c, field) : refuse_none(reference, true);
}

int name_case(const struct ctl *c)
{
    char **field = c->line->request ? text_field(c->line->request, "case_id") : NULL;
    char reference[REFERENCE_CHARS + 1];
    struct uuid id;
    if (!field || !**field || uuid_parse(*field, &id) == AM_OK)
        return 0;
    const enum reference_form form = reference_read(*field, reference);
    if (form == REFERENCE_OK)
        return by_reference(c, field, reference);
    return is_prefix(*field) ? by_prefix(c, field) : refuse_text(*field, form);
}
