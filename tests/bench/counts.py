# SPDX-License-Identifier: Apache-2.0
"""What a database holds of one tenant: rows by table and entries by index. A baseline counts only
if it writes, case for case, what the services write."""

from harness.process import Failed

# Rows that belong to the run, not to a case. Access records and checkpoints are written apart from the cases: the
# services pay for them, the baseline does not. Keys of customers are made once a customer, and not a case.
APART = {"tenant", "policy_version", "schema_version", "schema_progress", "lease", "agent", "api_key", "secret",
         "access_record", "access_writer", "checkpoint", "checkpoint_slice", "customer_erasure", "customer_key"}

INDEXES = """
select c.relname, i.relname, pg_get_expr(x.indpred, x.indrelid)
from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
where c.relnamespace = 'public'::regnamespace order by 1, 2
"""


def count(world, database, tenant_id):
    """{"recovery_case": rows, .., "case_work.case_work_owner": entries, ..}"""
    counted = {}
    connection = world.postgres.connect(database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(INDEXES)
            for table, index, predicate in cursor.fetchall():
                if table in APART:
                    continue
                if table not in counted:
                    cursor.execute(f'select count(*) from "{table}" where tenant_id = %s',
                                   (tenant_id,))
                    counted[table] = cursor.fetchone()[0]
                counted[f"{table}.{index}"] = counted[table]
                if predicate:
                    cursor.execute(f'select count(*) from "{table}" where tenant_id = %s and '
                                   + predicate.replace("%", "%%"), (tenant_id,))
                    counted[f"{table}.{index}"] = cursor.fetchone()[0]
    finally:
        connection.close()
    return counted


def per_case(before, after):
    cases = after["recovery_case"] - before["recovery_case"]
    if not cases:
        raise Failed("no case was written")
    return {name: (after[name] - before[name]) / cases for name in after}


def require_same(ours, baseline):
    """Fails when a case of ours is not a case of the baseline, row by row and entry by entry."""
    different = [f"{name}: {ours[name]:g} against {baseline[name]:g}"
                 for name in ours if abs(ours[name] - baseline[name]) > 1e-9]
    if different:
        raise Failed("the baseline does not write the same: " + "; ".join(different))
