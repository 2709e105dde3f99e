/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/meter.h"

#include <string.h>

#include "base/assert.h"
#include "base/metrics.h"

/* The most methods of one process: all of the contract, and the health service. */
#define METHODS_MAX 96
#define CODES (FAULT_UNAUTHENTICATED + 1)

static const char *methods[METHODS_MAX + 1] = {"other"};
static bool fixed;

static const char *const codes[CODES + 1] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

/* In the order of enum admission_verdict. */
static const char *const shed_reasons[] = {
    "none",
    "calls",
    "calls_of_tenant",
    "unsent",
    "unsent_of_tenant",
    "streams",
    "streams_of_tenant",
    "streams_of_principal",
    "calls_a_second_of_tenant",
    "calls_a_second_of_principal",
    NULL,
};
_Static_assert(sizeof(shed_reasons) / sizeof(shed_reasons[0]) == ADMISSION_VERDICTS + 1,
               "each verdict has a label, then NULL");

/* In the order of enum caller_outcome. */
static const char *const outcomes[] = {
    "accepted", "believed",  "missing",   "refused", "unavailable",
    "slowed",   "forbidden", "malformed", "asks",    NULL,
};
_Static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == CALLER_OUTCOMES + 1,
               "each outcome has a label, then NULL");

/* The name of each kind of credential; "none" for calls without one. */
static const char *kinds[CALLER_CHECKERS_MAX + 2] = {"none"};

static METRIC_DEFINE_LABEL2(callers, METRIC_COUNTER, "amends_auth_callers_total",
                            "How callers were established, or why not, by kind of credential.",
                            "kind", kinds, "outcome", outcomes);
static METRIC_DEFINE_LABEL2(calls, METRIC_COUNTER, "amends_rpc_calls_total",
                            "Calls answered, by method and code.", "method", methods, "code",
                            codes);
static METRIC_DEFINE_LABEL(duration, METRIC_HISTOGRAM, "amends_rpc_call_duration_seconds",
                           "From the arrival of a call to its answer, by method.", "method",
                           methods);
static METRIC_DEFINE(live_calls, METRIC_GAUGE, "amends_rpc_live_calls", "Unary calls open.");
static METRIC_DEFINE(live_streams, METRIC_GAUGE, "amends_rpc_streams", "Server streams open.");
static METRIC_DEFINE_LABEL(shed, METRIC_COUNTER, "amends_rpc_shed_total",
                           "Calls refused because a limit was reached.", "limit", shed_reasons);
static METRIC_DEFINE(expired, METRIC_COUNTER, "amends_rpc_expired_total",
                     "Calls whose deadline passed before their handler ran.");
static METRIC_DEFINE(undelivered, METRIC_COUNTER, "amends_rpc_undelivered_total",
                     "Answers whose client had gone.");
static METRIC_DEFINE(given_up, METRIC_COUNTER, "amends_rpc_given_up_total",
                     "Calls cancelled because their client did not read the answer.");
static METRIC_DEFINE(unsent, METRIC_GAUGE, "amends_rpc_unsent_bytes",
                     "Answers of unary calls that were not sent yet.");
static METRIC_DEFINE(arena_exhausted, METRIC_COUNTER, "amends_rpc_arena_exhausted_total",
                     "Requests that unpacked to more than a call's arena.");
static METRIC_DEFINE(stream_messages, METRIC_COUNTER, "amends_rpc_stream_messages_total",
                     "Messages sent on server streams.");
static METRIC_DEFINE(health_watches, METRIC_GAUGE, "amends_rpc_health_watches",
                     "Health watches open.");
static METRIC_DEFINE(client_in_flight, METRIC_GAUGE, "amends_rpc_client_in_flight",
                     "Outgoing calls in flight.");
static METRIC_DEFINE_LABEL(client_calls, METRIC_COUNTER, "amends_rpc_client_calls_total",
                           "Outgoing calls ended, by code.", "code", codes);
static METRIC_DEFINE(client_refused, METRIC_COUNTER, "amends_rpc_client_refused_total",
                     "Outgoing calls not started because too many were in flight.");

size_t meter_method(const char *path)
{
    size_t i = 0;
    for (; methods[i]; i++)
        if (strcmp(methods[i], path) == 0)
            return i;
    if (fixed || i == METHODS_MAX)
        return METER_OTHER;
    methods[i] = strdup(path);
    AM_ASSERT(methods[i] != NULL);
    return i;
}

void meter_register(void)
{
    struct metric *const all[] = {
        &callers,         &calls,
        &duration,        &live_calls,
        &live_streams,    &shed,
        &expired,         &undelivered,
        &given_up,        &unsent,
        &arena_exhausted, &stream_messages,
        &health_watches,  &client_in_flight,
        &client_calls,    &client_refused,
    };
    fixed = true;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        metric_register(all[i]);
}

void meter_call(size_t method, enum fault_code code, int64_t us)
{
    metric_add(&calls, metric_pair(&calls, method, code), 1);
    metric_observe_us(&duration, method, us);
}

void meter_live(bool stream, int by)
{
    metric_add(stream ? &live_streams : &live_calls, 0, by);
}

void meter_shed(enum admission_verdict verdict)
{
    metric_add(&shed, verdict, 1);
}

static size_t kind_index(const char *kind)
{
    size_t i = 0;
    while (kinds[i] && kinds[i] != kind && strcmp(kinds[i], kind) != 0)
        i++;
    return i;
}

void meter_caller_kind(const char *kind)
{
    const size_t i = kind_index(kind);
    if (i <= CALLER_CHECKERS_MAX && !fixed)
        kinds[i] = kind;
}

void meter_caller(const char *kind, enum caller_outcome outcome)
{
    const size_t i = kind_index(kind);
    metric_add(&callers, metric_pair(&callers, kinds[i] ? i : 0, outcome), 1);
}

void meter_expired(void)
{
    metric_add(&expired, 0, 1);
}

void meter_undelivered(void)
{
    metric_add(&undelivered, 0, 1);
}

void meter_given_up(void)
{
    metric_add(&given_up, 0, 1);
}

void meter_unsent(int64_t by)
{
    metric_add(&unsent, 0, by);
}

void meter_arena_exhausted(void)
{
    metric_add(&arena_exhausted, 0, 1);
}

void meter_stream_message(void)
{
    metric_add(&stream_messages, 0, 1);
}

void meter_health_watches(int by)
{
    metric_add(&health_watches, 0, by);
}

void meter_client_in_flight(int by)
{
    metric_add(&client_in_flight, 0, by);
}

void meter_client_call(enum fault_code code)
{
    metric_add(&client_calls, code, 1);
}

void meter_client_refused(void)
{
    metric_add(&client_refused, 0, 1);
}
