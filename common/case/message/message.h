/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rows as the messages of the contract. Threading: pure. Ownership: the message lies in `arena`
 * and borrows nothing else (texts are copied), so that it outlives the snapshot. Every function
 * returns NULL when the arena is full.
 */

#include "amends/v1/agent.pb-c.h"
#include "amends/v1/case.pb-c.h"
#include "amends/v1/event.pb-c.h"
#include "amends/v1/notification_service.pb-c.h"
#include "case/model/state.h"

/* With all parts; `parts` false = the row alone (lists). Rows marked ROW_GONE are left out. NULL =
 * arena full. */
Amends__V1__Case *message_case(const struct case_state *c, bool parts, struct arena *arena);
/* The same with all parts, for the answer of a write. A case may have 64,000 pauses, which would
 * take longer to make than the write itself: when its clocks that have ended have more than a
 * thousand, they come without theirs. */
Amends__V1__Case *message_written_case(const struct case_state *c, struct arena *arena);
/* Whether a signal, contact or act of it is without its text, because that was not read. */
bool message_texts_left_out(const Amends__V1__Case *c);
Amends__V1__Case *message_case_row(const struct case_row *row, struct arena *arena);
Amends__V1__Agent *message_agent(const struct agent_row *row, struct arena *arena);
/* Without its description, which is personal, unless `personal`. */
Amends__V1__Promise *message_promise(const struct promise_row *row, bool personal,
                                     struct arena *arena);
Amends__V1__Escalation *message_escalation(const struct escalation_row *row, struct arena *arena);
Amends__V1__ClockPause *message_pause(int64_t from_us, int64_t until_us, int reason,
                                      struct arena *arena);
Amends__V1__Notification *message_notification(const struct notification_row *row,
                                               struct arena *arena);
Amends__V1__Offer *message_offer(const struct offer_row *row, struct arena *arena);
Amends__V1__Remedy *message_remedy(const struct remedy_row *row, struct arena *arena);
Amends__V1__Clock *message_clock(const struct clock_row *row, struct arena *arena);
/* Without its pauses when it has ended. */
Amends__V1__Clock *message_clock_brief(const struct clock_row *row, struct arena *arena);
/* How many pauses that leaves out. */
size_t message_ended_pauses(const struct clock_row *row);
Amends__V1__Signal *message_signal(const struct signal_row *row, struct arena *arena);
Amends__V1__ContactAttempt *message_contact(const struct contact_row *row, struct arena *arena);
Amends__V1__Act *message_act(const struct act_row *row, struct arena *arena);
Amends__V1__Owner *message_owner(const struct case_row *row, struct arena *arena);
/* NULL when there is none. */
Amends__V1__RootCause *message_root_cause(const struct case_row *row, struct arena *arena);
/* All denials of the case, oldest first; none = an empty list. NULL = the arena is full. */
Amends__V1__DenialList *message_denials(const struct case_row *row, struct arena *arena);
Amends__V1__Denial *message_denial(const struct case_row *row, struct arena *arena);
/* The list as a row keeps it. */
struct slice denials_pack(const Amends__V1__DenialList *list, struct arena *arena);
/* One of them has the same reason, whatever the blanks around it and the size of its letters. */
bool denials_say(const Amends__V1__DenialList *list, const char *reason);
/* `private_row` NULL = erased when the event has a private digest, else it never had one. */
Amends__V1__CaseEvent *message_event(const struct event_row *row,
                                     const struct event_private_row *private_row,
                                     struct arena *arena);
/* -- as events show them: without texts of people --------------------------------------------- */

Amends__V1__Signal *shown_signal(const struct signal_row *row, struct arena *arena);
Amends__V1__ContactAttempt *shown_contact(const struct contact_row *row, struct arena *arena);
Amends__V1__Act *shown_act(const struct act_row *row, struct arena *arena);
Amends__V1__Remedy *shown_remedy(const struct remedy_row *row, struct arena *arena);
Amends__V1__Promise *shown_promise(const struct promise_row *row, struct arena *arena);
Amends__V1__CaseOpening *shown_opening(const struct case_row *row, struct arena *arena);
/* After a command whose first event is `first_seq`. */
Amends__V1__CaseFacts *shown_facts(const struct case_row *row, int64_t first_seq,
                                   struct arena *arena);

/* ---------------------------------------------------------------------------------------------- */

Google__Protobuf__Timestamp *message_time(int64_t us, struct arena *arena); /* NULL for 0 */
