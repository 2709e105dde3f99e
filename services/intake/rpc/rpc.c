/* SPDX-License-Identifier: Apache-2.0 */

/* IntakeService: from calls to commands and reads. What is decided lies in decide/. */

#include "amends/v1/access_service.pb-c.h"
#include "amends/v1/feed_service.pb-c.h"
#include "amends/v1/history_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/policy_service.pb-c.h"
#include "amends/v1/privacy_service.pb-c.h"
#include "intake/rpc/card.h"
#include "intake/rpc/cases.h"
#include "intake/decide/decide.h"
#include "intake/intake.h"
#include "intake/feed/feed.h"
#include "intake/rpc/feeds.h"
#include "intake/rpc/found.h"
#include "intake/rpc/histories.h"
#include "intake/rpc/keys.h"
#include "intake/rpc/lists.h"
#include "intake/rpc/policy.h"
#include "intake/rpc/privacy.h"
#include "policy/compile/bundle.h"
#include "rpc/wire.h"

/* -- the service ------------------------------------------------------------------------------- */

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A bundle is one text of up to half a megabyte. */
static const struct wire_limits bundle_limits = {.string_bytes = BUNDLE_BYTES_MAX};
#define BUNDLE_MESSAGE_BYTES (BUNDLE_BYTES_MAX + 4096)
/* The least memory of these calls, whatever an operator configures: a bundle has to fit twice, or a
 * long answer. */
#define POLICY_ARENA_BYTES (8u << 20)

static int policy_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "ApplyPolicy",
         .handle = policy_apply,
         .slots = 4,
         .wire = &bundle_limits,
         .message_bytes = BUNDLE_MESSAGE_BYTES,
         .arena_bytes = POLICY_ARENA_BYTES},
        {.name = "GetPolicy", .handle = policy_get, .slots = 4, .arena_bytes = POLICY_ARENA_BYTES},
        {.name = "ListPolicyVersions",
         .handle = policy_list,
         .slots = 4,
         .arena_bytes = POLICY_ARENA_BYTES},
        {.name = "MigrateCases",
         .handle = policy_migrate,
         .slots = 4,
         .arena_bytes = POLICY_ARENA_BYTES},
    };
    return rpc_server_add(server, &amends__v1__policy_service__descriptor, methods, COUNT(methods),
                          service);
}

static int privacy_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "ExportCustomer",
         .kind = RPC_SERVER_STREAM,
         .handle = privacy_export,
         .slots = 4,
         .arena_bytes = READ_ROW},
        {.name = "EraseCustomer", .handle = privacy_erase, .slots = 4, .arena_bytes = READ_PAGE},
        {.name = "ListAccessRecords",
         .handle = privacy_accesses,
         .slots = 4,
         .arena_bytes = READ_PAGE},
    };
    return rpc_server_add(server, &amends__v1__privacy_service__descriptor, methods, COUNT(methods),
                          service);
}

static int access_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "CreateApiKey", .handle = keys_create, .slots = 4},
        {.name = "GetApiKey", .handle = keys_get, .slots = 4},
        {.name = "ListApiKeys", .handle = keys_list, .slots = 4, .arena_bytes = READ_PAGE},
        {.name = "RotateApiKey", .handle = keys_rotate, .slots = 4},
        {.name = "RevokeApiKey", .handle = keys_revoke, .slots = 4},
    };
    return rpc_server_add(server, &amends__v1__access_service__descriptor, methods, COUNT(methods),
                          service);
}

static int history_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "ListCheckpoints",
         .handle = histories_checkpoints,
         .slots = 4,
         .arena_bytes = READ_PAGE},
        {.name = "GetCheckpointHeads",
         .handle = histories_heads,
         .slots = 4,
         .arena_bytes = READ_PAGE},
        {.name = "VerifyHistories",
         .handle = histories_verify,
         .slots = 4,
         .arena_bytes = READ_PAGE},
    };
    return rpc_server_add(server, &amends__v1__history_service__descriptor, methods, COUNT(methods),
                          service);
}

static int feed_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "WatchEvents", .kind = RPC_SERVER_STREAM, .handle = feeds_watch, .slots = 16},
        {.name = "ReadEvents", .handle = feeds_read, .slots = 8, .arena_bytes = READ_PAGE},
    };
    service->feed = feed_new(service);
    return rpc_server_add(server, &amends__v1__feed_service__descriptor, methods, COUNT(methods),
                          service);
}

int intake_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "OpenCase", .handle = service_write, .about = &open_case_kind, .slots = 128},
        {.name = "GetCase", .handle = cases_get, .slots = 64, .arena_bytes = CASES_ARENA_BYTES},
        {.name = "BatchGetCases",
         .handle = cases_batch,
         .slots = 16,
         .arena_bytes = CASES_ARENA_BYTES},
        {.name = "ListSignals", .handle = words_signals, .slots = 8, .arena_bytes = READ_PAGE},
        {.name = "ListContacts", .handle = words_contacts, .slots = 8, .arena_bytes = READ_PAGE},
        {.name = "ListActs", .handle = words_acts, .slots = 8, .arena_bytes = READ_PAGE},
        {.name = "ListCases", .handle = lists_cases, .slots = 16, .arena_bytes = READ_PAGE},
        {.name = "GetCaseHistory", .handle = lists_history, .slots = 16, .arena_bytes = READ_PAGE},
        {.name = "VerifyCaseHistory", .handle = lists_verify, .slots = 8},
        {.name = "GetContactCard", .handle = card_get, .slots = 16},
        {.name = "ExplainDeadline",
         .handle = policy_explain,
         .slots = 8,
         .arena_bytes = POLICY_ARENA_BYTES},
    };
    found_metrics();
    int err = rpc_server_add(server, &amends__v1__intake_service__descriptor, methods,
                             COUNT(methods), service);
    if (!err)
        err = policy_register(server, service);
    if (!err)
        err = privacy_register(server, service);
    if (!err)
        err = access_register(server, service);
    if (!err)
        err = history_register(server, service);
    return err ? err : feed_register(server, service);
}

void intake_end(struct service *service)
{
    feed_free(service->feed);
    service->feed = NULL;
}
