/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ResolutionService: every call becomes one command. This file only lists the calls; the decisions
 * are in decide/, where each command is described beside its decide function. The calls of
 * NotificationService are no commands: they change no case.
 */

#include "amends/v1/notification_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "resolution/decide/decide.h"
#include "resolution/resolution.h"
#include "resolution/rpc/notifications.h"

static int register_commands(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "RecordContact",
         .handle = service_write,
         .about = &record_contact_kind,
         .slots = 32},
        {.name = "CorrectContact",
         .handle = service_write,
         .about = &correct_contact_kind,
         .slots = 16},
        {.name = "RecordAct", .handle = service_write, .about = &record_act_kind, .slots = 32},
        {.name = "RecordRootCause",
         .handle = service_write,
         .about = &record_root_cause_kind,
         .slots = 32},
        {.name = "ProposeRemedy",
         .handle = service_write,
         .about = &propose_remedy_kind,
         .slots = 32},
        {.name = "RecordCustomerResponse",
         .handle = service_write,
         .about = &record_customer_response_kind,
         .slots = 32},
        {.name = "ReportFulfilment",
         .handle = service_write,
         .about = &report_fulfilment_kind,
         .slots = 32},
        {.name = "DenyClaim", .handle = service_write, .about = &deny_claim_kind, .slots = 32},
        {.name = "MakePromise", .handle = service_write, .about = &make_promise_kind, .slots = 32},
        {.name = "SettlePromise",
         .handle = service_write,
         .about = &settle_promise_kind,
         .slots = 32},
        {.name = "PauseCase", .handle = service_write, .about = &pause_case_kind, .slots = 16},
        {.name = "RetargetClock",
         .handle = service_write,
         .about = &retarget_clock_kind,
         .slots = 16},
        {.name = "ResumeCase", .handle = service_write, .about = &resume_case_kind, .slots = 16},
        {.name = "ReopenCase", .handle = service_write, .about = &reopen_case_kind, .slots = 16},
        {.name = "ResolveCase", .handle = service_write, .about = &resolve_case_kind, .slots = 32},
        {.name = "CloseCase", .handle = service_write, .about = &close_case_kind, .slots = 32},
    };
    return rpc_server_add(server, &amends__v1__resolution_service__descriptor, methods,
                          sizeof methods / sizeof *methods, service);
}

static int register_notifications(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "ListNotifications", .handle = notifications_list, .slots = 32},
        {.name = "AcknowledgeNotification", .handle = notifications_acknowledge, .slots = 32},
        {.name = "ReportBounce", .handle = notifications_bounce, .slots = 16},
    };
    return rpc_server_add(server, &amends__v1__notification_service__descriptor, methods,
                          sizeof methods / sizeof *methods, service);
}

int resolution_register(struct rpc_server *server, struct service *service)
{
    int err = register_commands(server, service);
    return err ? err : register_notifications(server, service);
}
