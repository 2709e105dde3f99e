/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How messages are made in an arena that may be full: everything is written through a `struct
 * make`, which remembers the first failure; who made the message looks once, at the end. Private to
 * case/message.
 *
 * Threading: pure. Ownership: all that is made lies in the arena.
 */

#include "amends/v1/case.pb-c.h"
#include "base/arena.h"
#include "base/uuid.h"
#include "case/model/rows.h"

struct make {
    struct arena *arena;
    bool full;
};

/* Zeroed memory; NULL when full, now or before. */
void *make_alloc(struct make *m, size_t size);

/* Set a field of a message that was initialised; an empty value leaves it as it is. */
void make_text(struct make *m, char **field, const char *text);
void make_uuid(struct make *m, char **field, const struct uuid *id);
void make_time(struct make *m, Google__Protobuf__Timestamp **field, int64_t us);
/* Whole seconds as a duration; nothing for 0. */
void make_duration(struct make *m, Google__Protobuf__Duration **field, int64_t s);
void make_money(struct make *m, Google__Type__Money **field, const char *currency, int64_t micros);

/* Parts of a case's row: into a message field, or a list and its length, which is 0 before. */
void make_effort(struct make *m, Amends__V1__Effort **field, const struct case_row *row);
void make_desired(struct make *m, int32_t wishes, Amends__V1__DesiredOutcome **list, size_t *n);
void make_contributors(struct make *m, const char *text, Amends__V1__Contributor ***list,
                       size_t *n);
