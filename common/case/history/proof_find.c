/* SPDX-License-Identifier: Apache-2.0 */

/* What a proof finds, and how two messages are compared. */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "case/history/compare.h"
#include "case/history/proof_impl.h"

#define KIND(name) AMENDS__V1__HISTORY_FINDING_KIND__HISTORY_FINDING_KIND_##name

static bool is_known(const struct proof *p, Amends__V1__HistoryFindingKind kind, const char *row)
{
    for (size_t i = 0; row[0] != '\0' && i < p->n_findings; i++)
        if (p->findings[i]->kind == kind && strcmp(p->findings[i]->row, row) == 0)
            return true;
    return false;
}

static void keep_finding(struct proof *p, Amends__V1__HistoryFindingKind kind, int64_t seq,
                         const char *row, const char *field, const char *problem)
{
    Amends__V1__HistoryFinding *f = ARENA_NEW(p->arena, Amends__V1__HistoryFinding);
    char id[UUID_TEXT_LEN + 1];
    amends__v1__history_finding__init(f);
    f->kind = kind;
    f->sequence = seq;
    f->case_id = arena_strdup(p->arena, uuid_format(&p->c->row.case_id, id));
    f->row = arena_strdup(p->arena, row);
    f->field = arena_strdup(p->arena, field);
    f->problem = arena_strdup(p->arena, problem);
    AM_ASSERT(f->case_id && f->row && f->field && f->problem);
    p->findings[p->n_findings++] = f;
}

/* Told in short is the first event that is wrong itself: what such an event shows of rows says
 * little. Else the first event that shows a row otherwise; last a row that none shows. */
static bool is_first(const struct proof *p, bool of_event, int64_t seq)
{
    if (p->problem[0] == '\0' || of_event != p->bad_event)
        return p->problem[0] == '\0' || of_event;
    return p->first_bad_seq == 0 || (seq > 0 && seq <= p->first_bad_seq);
}

/* A row is told once of each kind: by the last event that shows it. */
void proof_find(struct proof *p, Amends__V1__HistoryFindingKind kind, int64_t seq, const char *row,
                const char *field, const char *problem)
{
    if (is_known(p, kind, row))
        return;
    p->n_found++;
    if (p->n_findings < PROOF_FINDINGS_MAX)
        keep_finding(p, kind, seq, row, field, problem);
    const bool of_event = kind == KIND(EVENT) || kind == KIND(PERSONAL_PART);
    if (!is_first(p, of_event, seq))
        return;
    p->bad_event = of_event;
    p->first_bad_seq = seq;
    p->problem = arena_strdup(p->arena, problem);
    AM_ASSERT(p->problem != NULL);
}

/* The value itself may be personal: it is not told. */
void proof_differs(struct proof *p, int64_t seq, const char *row, const char *field)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "the %.60s differs from the event: %s", row,
                   field[0] ? field : "it cannot be read");
    proof_find(p, KIND(ROW_DIFFERS), seq, row, field, text);
}

/* A row of which no message can be made, NULL, was never written so: it differs. True when they are
 * the same. */
bool proof_compare(struct proof *p, int64_t seq, const char *row, const ProtobufCMessage *is,
                   const ProtobufCMessage *shown)
{
    char path[COMPARE_PATH_MAX];
    const char *field = message_difference(is, shown, path);
    if (field)
        proof_differs(p, seq, row, field);
    return !field;
}

static void *scratch_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void scratch_free(void *arena, void *bytes)
{
    (void)arena;
    (void)bytes;
}

ProtobufCMessage *proof_unpack(const ProtobufCMessageDescriptor *type, struct slice bytes,
                               struct arena *scratch)
{
    ProtobufCAllocator a = {
        .alloc = scratch_alloc, .free = scratch_free, .allocator_data = scratch};
    return protobuf_c_message_unpack(type, &a, bytes.len, bytes.data);
}
