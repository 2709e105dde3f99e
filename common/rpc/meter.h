/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What common/rpc counts; the names of the metrics are in meter.c.
 *
 * Threading: any thread, but meter_method() and meter_register(), which run before the first
 * server starts. Ownership: the metrics are static.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "rpc/admission.h"
#include "rpc/caller/caller.h"

/* The cell of methods that were not there when the first server of the process started. */
#define METER_OTHER 0

/* The cell for "Service/Method". */
size_t meter_method(const char *path);
/* Fixes the methods and shows the metrics. */
void meter_register(void);

/* A call was answered: its code, and how long after it was taken. */
void meter_call(size_t method, enum fault_code code, int64_t us);
/* A unary call or a stream began (1) or ended (-1). */
void meter_live(bool stream, int by);
void meter_shed(enum admission_verdict verdict);
/* The cell of a kind of credential, before the metrics are registered; at most 8 kinds. */
void meter_caller_kind(const char *kind);
/* How a caller was established, or why not, by the kind's name; "none" without a credential. */
void meter_caller(const char *kind, enum caller_outcome outcome);
/* The deadline had passed before the handler was to run. */
void meter_expired(void);
/* The client had gone before the answer. */
void meter_undelivered(void);
/* The client did not read the answer for too long. */
void meter_given_up(void);
/* Bytes of answers that wait to be sent (more) or are not there any more (less). */
void meter_unsent(int64_t by);
void meter_arena_exhausted(void);
void meter_stream_message(void);
void meter_health_watches(int by);

void meter_client_in_flight(int by);
void meter_client_call(enum fault_code code);
void meter_client_refused(void);
