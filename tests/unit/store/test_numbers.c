/* SPDX-License-Identifier: Apache-2.0 */

/* The numbers that stand in the schema, in the harness's foreign keys and in conditions on statuses
 * are those of the contract; a value that the contract gets is noticed here. */

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "contract/clock_kinds.h"
#include "contract/statuses.h"
#include "contract/words.h"

static struct rig *rig;

/* -- statuses --------------------------------------------------------------------------------- */

/* As the statements and `amends check` say it. */
static bool sql_waits(int status)
{
    return status >= 1 && status <= 5;
}

static bool sql_final(int status)
{
    return status > 6;
}

static void statuses(void **state)
{
    const ProtobufCEnumDescriptor *d = &amends__v1__case_status__descriptor;
    (void)state;
    assert_int_equal(d->n_values, 10);
    for (unsigned i = 0; i < d->n_values; i++) {
        const int status = d->values[i].value;
        assert_int_equal(status_is_waiting(status), sql_waits(status));
        assert_int_equal(status_is_final(status), sql_final(status));
    }
}

/* -- the schema ------------------------------------------------------------------------------- */

/* Every number in a condition or a default, one a line. */
#define NUMBERS                                                                                    \
    "select coalesce(string_agg(line, e'\\n' order by line), '') from ("                           \
    "select i.indexrelid::regclass || ' ' || pg_get_expr(i.indpred, i.indrelid) as line"           \
    " from pg_index i join pg_class c on c.oid = i.indrelid"                                       \
    " where c.relnamespace = 'public'::regnamespace"                                               \
    " union all select c.relname || '.' || a.attname || ' ' || pg_get_expr(d.adbin, d.adrelid)"    \
    " from pg_attrdef d join pg_class c on c.oid = d.adrelid"                                      \
    " join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum"                            \
    " where c.relnamespace = 'public'::regnamespace"                                               \
    " union all select c.relname || ' ' || pg_get_constraintdef(k.oid)"                            \
    " from pg_constraint k join pg_class c on c.oid = k.conrelid where k.contype = 'c'"            \
    " and c.relnamespace = 'public'::regnamespace) l where line ~ '[^0] ?[1-9]'"

static void of_the_schema(void **state)
{
    char want[256];
    (void)state;
    (void)snprintf(
        want, sizeof(want),
        "contact_attempt.asks %d\nescalation.cause %d\noffer_pending (state = %d)\ntenant.epoch 1\n"
        "tenant.policy_version 1",
        CONTACT_ASK_ANSWER, ESCALATION_CAUSE_CLOCK, OFFER_STATE_PENDING);
    assert_string_equal(rig_value(rig, NUMBERS), want);
}

/* -- what a clock measures, by its kind ------------------------------------------------------- */

/* The foreign key that a clock's subject has: 0 = it has no subject. */
static const char *sql_subject(int kind)
{
    return rig_value(rig,
                     "select coalesce((select string_agg(a.attname, ',') from pg_attrdef d"
                     " join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum"
                     " where d.adrelid = 'clock'::regclass and a.attgenerated = 's'"
                     " and pg_get_expr(d.adbin, d.adrelid) ~ '[^0-9]%d[^0-9]'), '')",
                     kind);
}

static const char *subject(int kind)
{
    static const char *const refs[] = {[SUBJECT_CASE] = "",
                                       [SUBJECT_OFFER] = "offer_ref",
                                       [SUBJECT_PROMISE] = "promise_ref",
                                       [SUBJECT_REMEDY] = "remedy_ref"};
    return refs[clock_kind(kind)->subject];
}

static void of_the_foreign_keys(void **state)
{
    static char sql[1 << 16];
    const ProtobufCEnumDescriptor *d = &amends__v1__clock_kind__descriptor;
    FILE *f = fopen(FOREIGN_KEYS, "r");
    (void)state;
    assert_non_null(f);
    sql[fread(sql, 1, sizeof(sql) - 1, f)] = '\0';
    (void)fclose(f);
    rig_exec(rig, "%s", sql);
    for (unsigned i = 0; i < d->n_values; i++)
        assert_string_equal(sql_subject(d->values[i].value), subject(d->values[i].value));
}

static int setup(void **state)
{
    (void)state;
    /* Partitions have indexes and conditions of their own. */
    (void)unsetenv("AMENDS_TEST_PARTITIONED");
    rig = rig_new("numbers", NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(of_the_schema),
        cmocka_unit_test(of_the_foreign_keys),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
