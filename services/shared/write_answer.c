/* SPDX-License-Identifier: Apache-2.0 */

#include "base/list.h"
#include "contract/reasons.h"
#include "shared/service.h"

/* The fullest case without the pauses of ended clocks needs half of it: see message_written_case().
 * Memory is taken as it is needed. */
#define ANSWER_BYTES (16u << 20)
#define ROWS_BYTES (48u << 20)
/* Rows that a replay of the usual size may read: their message takes several times as much. */
#define USUAL_BYTES (256u << 10)

static void end_answer(void *ctx)
{
    struct write_answer *a = ctx;
    if (a->service->gate)
        read_gate_leave(a->service->gate, &a->place);
    arena_free(&a->arena);
}

void write_answer_begin(struct write_answer *a, struct service *service, struct rpc_call *call,
                        const struct command *cmd, const ProtobufCMessageDescriptor *descriptor)
{
    *a = (struct write_answer){
        .service = service, .call = call, .cmd = cmd, .descriptor = descriptor};
    a->place.bytes = READ_CASE;
    arena_init(&a->arena, ANSWER_BYTES);
    rpc_call_at_end(call, end_answer, a);
}

void write_answer_make(struct write_answer *a, const struct write_rows *rows, struct fault *fault)
{
    arena_reset(&a->arena);
    a->response = write_response(a->cmd, rows, a->descriptor, &a->arena);
    if (!a->response)
        fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the response needs more memory than a call may use");
}

/* -- replays ----------------------------------------------------------------------------------- */

static void ask_gate(struct write_answer *a, size_t bytes);

static void replay_read(struct store_read *read)
{
    struct write_answer *a = read->ctx;
    const struct write_rows rows = {
        .c = read->n_cases > 0 && read->cases[0].exists ? &read->cases[0] : NULL};
    struct arena arena = a->rows;
    if (read->too_large) {
        arena_free(&arena);
        ask_gate(a, READ_CASE_FULLEST);
        return;
    }
    if (!fault_is_set(&read->fault))
        write_answer_make(a, &rows, &read->fault);
    /* `a` may end here; what the fault says lies among the rows. */
    a->done(a, fault_is_set(&read->fault) ? &read->fault : NULL);
    arena_free(&arena);
}

static void read_case(struct write_answer *a)
{
    arena_init(&a->rows, ROWS_BYTES);
    a->read = (struct store_read){.arena = &a->rows,
                                  .tenant_id = a->cmd->tenant_id,
                                  .tenant = a->cmd->tenant,
                                  .deadline_us = rpc_call_deadline_us(a->call),
                                  .bytes_most = a->place.bytes == READ_CASE ? USUAL_BYTES : 0,
                                  .done = replay_read,
                                  .ctx = a};
    store_read_cases(a->service->store, &a->read, &a->cmd->result_case_id, 1, CASE_PARTS);
}

static void admitted(struct read_gate_place *place, const struct fault *fault)
{
    struct write_answer *a = CONTAINER_OF(place, struct write_answer, place);
    if (fault)
        a->done(a, fault);
    else
        read_case(a);
}

/* Gives back what it may hold and asks for so much instead. */
static void ask_gate(struct write_answer *a, size_t bytes)
{
    struct read_gate *gate = a->service->gate;
    if (gate)
        read_gate_leave(gate, &a->place);
    a->place.bytes = bytes;
    a->place.item.tenant = (uint64_t)a->cmd->tenant_id;
    a->place.done = admitted;
    if (gate)
        read_gate_enter(gate, &a->place);
    else
        read_case(a);
}

void write_answer_replay(struct write_answer *a,
                         void (*done)(struct write_answer *a, const struct fault *fault))
{
    a->done = done;
    ask_gate(a, READ_CASE);
}
