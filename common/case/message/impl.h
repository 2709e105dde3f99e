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
void make_money(struct make *m, Google__Type__Money **field, const char *currency, int64_t micros);
