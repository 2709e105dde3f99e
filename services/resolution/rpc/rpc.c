/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ResolutionService: every RPC becomes one command. What is decided lies in decide/; this file
 * only lists, for each RPC, its kind, its validation and its response.
 */

#include "amends/v1/resolution_service.pb-c.h"
#include "resolution/decide/decide.h"
#include "resolution/resolution.h"
#include "resolution/validate.h"

#define RESOLUTION_METHOD(fn, request)                                                             \
    WRITE_CHECK(fn, request)                                                                       \
    static void fn##_handle(struct rpc_call *call, void *service)                                  \
    {                                                                                              \
        static const struct write_method method = {.kind = &fn##_kind,                             \
                                                   .validate = fn##_check,                         \
                                                   .response =                                     \
                                                       &amends__v1__##fn##_response__descriptor};  \
        service_write(service, call, &method);                                                     \
    }

RESOLUTION_METHOD(record_contact, Amends__V1__RecordContactRequest)
RESOLUTION_METHOD(record_act, Amends__V1__RecordActRequest)
RESOLUTION_METHOD(record_root_cause, Amends__V1__RecordRootCauseRequest)
RESOLUTION_METHOD(propose_remedy, Amends__V1__ProposeRemedyRequest)
RESOLUTION_METHOD(record_customer_response, Amends__V1__RecordCustomerResponseRequest)
RESOLUTION_METHOD(report_fulfilment, Amends__V1__ReportFulfilmentRequest)
RESOLUTION_METHOD(deny_claim, Amends__V1__DenyClaimRequest)
RESOLUTION_METHOD(make_promise, Amends__V1__MakePromiseRequest)
RESOLUTION_METHOD(settle_promise, Amends__V1__SettlePromiseRequest)
RESOLUTION_METHOD(pause_case, Amends__V1__PauseCaseRequest)
RESOLUTION_METHOD(resume_case, Amends__V1__ResumeCaseRequest)
RESOLUTION_METHOD(reopen_case, Amends__V1__ReopenCaseRequest)
RESOLUTION_METHOD(resolve_case, Amends__V1__ResolveCaseRequest)
RESOLUTION_METHOD(close_case, Amends__V1__CloseCaseRequest)

int resolution_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "RecordContact", .handle = record_contact_handle, .slots = 32},
        {.name = "RecordAct", .handle = record_act_handle, .slots = 32},
        {.name = "RecordRootCause", .handle = record_root_cause_handle, .slots = 32},
        {.name = "ProposeRemedy", .handle = propose_remedy_handle, .slots = 32},
        {.name = "RecordCustomerResponse", .handle = record_customer_response_handle, .slots = 32},
        {.name = "ReportFulfilment", .handle = report_fulfilment_handle, .slots = 32},
        {.name = "DenyClaim", .handle = deny_claim_handle, .slots = 32},
        {.name = "MakePromise", .handle = make_promise_handle, .slots = 32},
        {.name = "SettlePromise", .handle = settle_promise_handle, .slots = 32},
        {.name = "PauseCase", .handle = pause_case_handle, .slots = 16},
        {.name = "ResumeCase", .handle = resume_case_handle, .slots = 16},
        {.name = "ReopenCase", .handle = reopen_case_handle, .slots = 16},
        {.name = "ResolveCase", .handle = resolve_case_handle, .slots = 32},
        {.name = "CloseCase", .handle = close_case_handle, .slots = 32},
    };
    return rpc_server_add(server, &amends__v1__resolution_service__descriptor, methods,
                          sizeof methods / sizeof *methods, service);
}
