/* SPDX-License-Identifier: Apache-2.0 */

/* GetPolicy and ListPolicyVersions. */

#include <inttypes.h>
#include <string.h>

#include "amends/v1/policy_service.pb-c.h"
#include "base/digest.h"
#include "contract/check.h"
#include "intake/rpc/policy.h"
#include "intake/rpc/policy_message.h"
#include "policy/compile/bundle.h"
#include "shared/page_token.h"

#define VERSIONS_USUAL 50
#define VERSIONS_MOST 500

/* -- GetPolicy --------------------------------------------------------------------------------- */

static void got(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    if (read->policies.n == 0) {
        const Amends__V1__GetPolicyRequest *req = (const Amends__V1__GetPolicyRequest *)rc->request;
        policy_not_found(rc, req->version);
        return;
    }
    Amends__V1__GetPolicyResponse r = AMENDS__V1__GET_POLICY_RESPONSE__INIT;
    const struct policy_row *p = ROW_AT(&read->policies, const struct policy_row, 0);
    r.version = policy_message(p, rc->arena);
    r.version->source = (char *)(uintptr_t)bundle_of_stored(p->source);
    rpc_reply(rc->call, &r.base);
}

static void get_start(struct read_call *rc)
{
    const Amends__V1__GetPolicyRequest *req = (const Amends__V1__GetPolicyRequest *)rc->request;
    check_range(&rc->fault, "version", req->version, 0, INT32_MAX);
    rc->read.done = got;
    if (read_call_valid(rc))
        store_read_policy(rc->service->store, &rc->read, req->version, NULL, 0);
}

void policy_get(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, get_start);
}

/* -- ListPolicyVersions ------------------------------------------------------------------------ */

static uint64_t list_hash(void)
{
    const struct slice fields[] = {slice_str("policy versions")};
    return digest_key(fields, 1);
}

static void listed(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const size_t limit = *(const size_t *)rc->user;
    Amends__V1__ListPolicyVersionsResponse r = AMENDS__V1__LIST_POLICY_VERSIONS_RESPONSE__INIT;
    r.versions = ARENA_ARRAY(rc->arena, Amends__V1__PolicyVersion *, read->policies.n + 1);
    for (; r.n_versions < read->policies.n && r.n_versions < limit && read_call_room(rc);
         r.n_versions++)
        r.versions[r.n_versions] = policy_message(
            ROW_AT(&read->policies, const struct policy_row, r.n_versions), rc->arena);
    if (read->policies.n > r.n_versions && r.n_versions > 0) {
        const int32_t last = r.versions[r.n_versions - 1]->version;
        r.next_page_token = page_token_write(rc, list_hash(), slice_of(&last, sizeof last));
    }
    rpc_reply(rc->call, &r.base);
}

static void list_start(struct read_call *rc)
{
    const Amends__V1__ListPolicyVersionsRequest *req =
        (const Amends__V1__ListPolicyVersionsRequest *)rc->request;
    size_t *limit = ARENA_NEW(rc->arena, size_t);
    int32_t before = 0;
    *limit = (size_t)page_size(&rc->fault, req->page_size, VERSIONS_USUAL, VERSIONS_MOST);
    struct slice after = page_token_read(rc, list_hash(), req->page_token);
    if (after.len == sizeof before)
        memcpy(&before, after.data, sizeof before);
    rc->user = limit;
    rc->read.done = listed;
    if (read_call_valid(rc)) /* reads one row more than it shows, to know if there is a next page */
        store_list_policies(rc->service->store, &rc->read, before, (int)*limit + 1);
}

void policy_list(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, list_start);
}
