/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists/list_sql.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "contract/words.h"
#include "store/table.h"

/* When something is next due in a case, as the index case_work_due has it, letter by letter. What
 * was missed stays due until somebody does what it asks for. Rows whose owed_for differs were
 * written by a replica of the last release: see the migration 0017. */
#define DUE_AT                                                                                     \
    "(case when x.owed_for is not distinct from x.next_due_at"                                     \
    " then least(x.owed_at, x.promise_at, x.answer_at) else x.next_due_at end)"

/* -- filters ----------------------------------------------------------------------------------- */

#define PAGE_OF(x)                                                                                 \
    x ".opened_at >= $2::timestamptz and " x ".opened_at < $3::timestamptz and (" x                \
      ".opened_at, " x ".case_id) < ($4::timestamptz, $5::uuid)"

/* All filters but the one that needs case_work. Each statement names every parameter here. */
#define PASSES                                                                                     \
    "t.opened_at >= $2::timestamptz and t.opened_at < $3::timestamptz"                             \
    " and ($4::timestamptz is not null) and ($5::uuid is not null)"                                \
    " and ($7::text is null or t.customer_id = $7::text)"                                          \
    " and ($8::text is null or t.owner_id = $8::text)"                                             \
    " and ($9::int4 is null or ($9::int4 >> t.status) & 1 = 1)"                                    \
    " and ($10::text is null or t.failure_code = $10::text"                                        \
    " or (t.failure_code >= $11::text and t.failure_code < $12::text))"                            \
    " and ($13::int4 is null or t.level = $13::int4)"                                              \
    " and ($14::int4 is null or t.owner_kind = $14::int4)"                                         \
    " and ($15::text is null or t.order_reference = $15::text)"                                    \
    " and ($16::text is null or exists (select 1 from signal y where y.tenant_id = t.tenant_id"    \
    " and y.case_id = t.case_id and y.external_reference = $16::text offset 0))"                   \
    " and ($19::uuid is null or (t.case_id >= $19::uuid and t.case_id <= $20::uuid))"

/* Behind the row `t`, numbered `n`: whether it passes, what is due in it, and the end of the
 * statement but for its order. What is due is looked up for those that pass the other filters, its
 * kind for those that are shown. */
#define CHECKED                                                                                    \
    " cross join lateral (select (" PASSES ") as ok offset 0) f"                                   \
    " left join lateral (select " DUE_AT " as due_at from case_work x where f.ok"                  \
    " and x.tenant_id = t.tenant_id and x.opened_at = t.opened_at and x.case_id = t.case_id"       \
    " offset 0) w on true"                                                                         \
    " cross join lateral (select f.ok and ($17::timestamptz is null"                               \
    " or coalesce(w.due_at < $17::timestamptz, false)) as passes offset 0) p"                      \
    " left join lateral (select min(y.kind) as kind from clock y where p.passes"                   \
    " and y.tenant_id = t.tenant_id and y.case_id = t.case_id and y.due_at = w.due_at"             \
    " and y.kind <> " SQL_CLOCK_KIND_OFFER " offset 0) k on true"                                  \
    " where p.passes or t.n = $18::int4"
/* "@" stands for the columns of the case. */
#define SHOWN_DUE(due)                                                                             \
    "select case when p.passes then t.n else -t.n end as n, @, " due ", k.kind from "
#define SHOWN SHOWN_DUE("w.due_at")

#define NEWEST(x) x ".opened_at desc, " x ".case_id desc"

/* -- walks ------------------------------------------------------------------------------------- */

/* Along an index of recovery_case. */
#define CASES(by, order)                                                                           \
    "(select x.*, row_number() over (order by " order ") as n from (select x.* from"               \
    " recovery_case x where x.tenant_id = $1::int8 and " by " order by " order                     \
    " limit $18::int4) x) t" CHECKED

/* Along an index of another table, whose rows name the case. */
#define CASES_OF(source, order)                                                                    \
    "(select x.*, row_number() over (order by " order ") as n from (" source " order by " order    \
    " limit $18::int4) x) s cross join lateral (select s.n, x.* from recovery_case x"              \
    " where x.tenant_id = s.tenant_id and x.case_id = s.case_id offset 0) t" CHECKED

#define WORK_ROWS                                                                                  \
    "select x.tenant_id, x.opened_at, x.case_id from case_work x where x.tenant_id = $1::int8"

/* Cases that have not ended are few, so a status is looked for among all of them. */
#define ANY_STATUS " and ($9::int4 is null or ($9::int4 >> x.status) & 1 = 1)"

/* The owner is equal to $8: not smaller, and with the page's bounds smaller. Written so, only an
 * index that begins with the owner has the order that is asked for. The range of opening is looked
 * at row by row, so that no other index is of use; its ends are known to the caller. */
#define OWNED(table)                                                                               \
    "(" SHOWN CASES_OF(                                                                            \
        "select x.tenant_id, x.owner_id, x.opened_at, x.case_id from " table " x"                  \
        " where x.tenant_id = $1::int8 and x.owner_id > '' and x.owner_id >= $8::text"             \
        " and (x.owner_id, x.opened_at, x.case_id) < ($8::text, $4::timestamptz, $5::uuid)",       \
        "x.owner_id desc, " NEWEST(                                                                \
            "x")) " order by s.owner_id desc, " NEWEST("s") " limit $6::int4)"

/* One row a case, although many of its signals may have the reference. */
#define SIGNALS                                                                                    \
    "select distinct on (x.case_id) x.tenant_id, x.case_id from signal x"                          \
    " where x.tenant_id = $1::int8 and x.external_reference = $16::text"                           \
    " and x.external_reference > '' and x.case_id < $5::uuid"

#define DUE_ROWS                                                                                   \
    "select x.tenant_id, x.case_id, " DUE_AT " as due_at from case_work x"                         \
    " where x.tenant_id = $1::int8 and " DUE_AT " is not null"                                     \
    " and (" DUE_AT ", x.case_id) > ($4::timestamptz, $5::uuid)"                                   \
    " and " DUE_AT " < coalesce($17::timestamptz, 'infinity') order by " DUE_AT ", x.case_id"      \
    " limit $18::int4"

#define OF_CASES(by) SHOWN CASES(by " and " PAGE_OF("x"), NEWEST("x"))
#define NEWEST_FIRST(t) " order by " NEWEST(t) " limit $6::int4"
#define BY_ID(t) " order by " t ".case_id desc limit $6::int4"

/* An owner's cases are in two tables: those that have not ended, and those that have. A branch has
 * many codes, each with its own order: the codes in use are found by a loose scan of the index,
 * then the newest of each are merged. Of each table, and of each code, a walk ends for itself;
 * behind the first one that did, the merged list is not known. */
static const char *const walks[LIST_WALKS] = {
    [LIST_OPENED] = OF_CASES("x.opened_at > '-infinity'") NEWEST_FIRST("t"),
    [LIST_CUSTOMER] = OF_CASES("x.customer_id = $7::text") NEWEST_FIRST("t"),
    [LIST_OWNER] = "select * from (" OWNED("case_work") " union all " OWNED(
        "case_ended") ") t" NEWEST_FIRST("t"),
    [LIST_FAILURE] =
        "with recursive branch(code) as ("
        "(select x.failure_code from recovery_case x where x.tenant_id = $1::int8"
        " and x.failure_code >= $11::text and x.failure_code < $12::text"
        " order by x.failure_code limit 1)"
        " union all select n.failure_code from branch b cross join lateral"
        " (select x.failure_code from recovery_case x where x.tenant_id = $1::int8"
        " and x.failure_code > b.code and x.failure_code < $12::text"
        " order by x.failure_code limit 1) n),"
        " code(code) as (select $10::text collate \"C\" union all select b.code from branch b)"
        " select t.* from code b cross join lateral (" OF_CASES("x.failure_code = b.code")
            NEWEST_FIRST("t") ") t" NEWEST_FIRST("t"),
    [LIST_WORK] =
        SHOWN CASES_OF(WORK_ROWS ANY_STATUS " and " PAGE_OF("x"), NEWEST("x")) NEWEST_FIRST("s"),
    [LIST_LEVEL] = SHOWN CASES_OF(WORK_ROWS " and x.level > 0 and x.level = $13::int4"
                                            " and " PAGE_OF("x"),
                                  NEWEST("x")) NEWEST_FIRST("s"),
    [LIST_ORDER] =
        OF_CASES("x.order_reference = $15::text and x.order_reference > ''") NEWEST_FIRST("t"),
    [LIST_EXTERNAL] = SHOWN CASES_OF(SIGNALS, "x.case_id desc") BY_ID("s"),
    [LIST_IDS] = SHOWN CASES("x.case_id >= $19::uuid and x.case_id <= $20::uuid"
                             " and x.case_id < $5::uuid",
                             "x.case_id desc") BY_ID("t"),
    [LIST_DUE] = SHOWN_DUE(
        "s.due_at") "(select x.*, row_number() over (order by x.due_at, x.case_id) as n"
                    " from (" DUE_ROWS ") x) s cross join lateral (select s.n, x.* from"
                    " recovery_case x where x.tenant_id = s.tenant_id and x.case_id = s.case_id"
                    " offset 0) t" CHECKED " order by s.due_at, s.case_id limit $6::int4",
};

char *list_sql(enum list_walk walk)
{
    char *sql = NULL, *cols = table_sql_columns(&tables[TABLE_CASE], "t");
    size_t len = 0;
    FILE *out = open_memstream(&sql, &len);
    AM_ASSERT(out != NULL);
    for (const char *c = walks[walk]; *c; c++) {
        if (*c == '@')
            fputs(cols, out);
        else
            fputc(*c, out);
    }
    AM_ASSERT(fclose(out) == 0);
    free(cols);
    return sql;
}
