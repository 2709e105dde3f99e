/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of cases, newest first. */

#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "contract/statuses.h"
#include "store/impl.h"

static bool given(const char *text)
{
    return text && text[0];
}

/* True when statuses are asked for, and none of them is final. */
static bool asks_for_work(uint32_t statuses)
{
    for (int status = 0; status < CASE_STATUS_COUNT; status++) {
        if ((statuses >> status & 1) && status_is_final(status))
            return false;
    }
    return statuses != 0;
}

/* The filter that leaves the fewest rows, as a rule. Most cases are final, so that one of a final
 * status is found soon among all. */
static unsigned choose_stmt(const struct case_filter *f)
{
    if (given(f->customer_id))
        return STMT_LIST_CUSTOMER;
    if (given(f->owner_id))
        return STMT_LIST_OWNER;
    if (given(f->failure_code))
        return STMT_LIST_FAILURE;
    return asks_for_work(f->statuses) ? STMT_LIST_WORK : STMT_LIST_OPENED;
}

/* The page: from where, until when, going on strictly before (opened_at, case_id). */
static void arg_page(struct pg_args *args, const struct case_filter *f)
{
    struct uuid last;
    memset(&last, 0xff, sizeof(last));
    bool start = f->before_opened_at == 0;
    pg_arg_time(args, f->opened_from);
    pg_arg_time(args, f->opened_until ? f->opened_until : STORE_END_OF_TIME_US);
    pg_arg_time(args, start ? STORE_END_OF_TIME_US : f->before_opened_at);
    pg_arg_uuid(args, start ? &last : &f->before_case_id);
    pg_arg_int4(args, f->limit);
}

/* A branch is everything below the code: from "code." to before "code/", the byte after the dot. */
static void arg_failure(struct pg_args *args, const char *code, struct arena *arena)
{
    if (!given(code)) {
        for (int i = 0; i < 3; i++)
            pg_arg_null(args);
        return;
    }
    const char *from = arena_printf(arena, "%s.", code);
    const char *until = arena_printf(arena, "%s/", code);
    AM_ASSERT(from != NULL && until != NULL);
    pg_arg_text(args, code);
    pg_arg_text(args, from);
    pg_arg_text(args, until);
}

void store_list_cases(struct store *s, struct store_read *r, const struct case_filter *f)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, choose_stmt(f));
    pg_arg_int8(args, r->tenant_id);
    arg_page(args, f);
    pg_arg_text(args, given(f->customer_id) ? f->customer_id : NULL);
    pg_arg_text(args, given(f->owner_id) ? f->owner_id : NULL);
    if (f->statuses)
        pg_arg_int4(args, (int32_t)f->statuses);
    else
        pg_arg_null(args);
    arg_failure(args, f->failure_code, r->arena);
    store_read_send(s, r);
}
