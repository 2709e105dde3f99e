# SPDX-License-Identifier: Apache-2.0
"""A case as an example, and copies of it by number.

The services make the example and fire its clock; what the tables hold of it just before and just after
is the shape. Copies of the state before are made by SQL, a million clocks in a minute; the difference
between the two states is what PostgreSQL alone has to write for a firing; and the state after is what
every fired copy must look like. So all three follow the code without being told.

Copy n of a row has the row's values but for its ids (made of n, UUIDv7 in n's order), its times (n ms
later), the customer and the score in the queue.
"""

import collections
import time
from dataclasses import dataclass

# No part of a case: requests that were made about it.
APART = {"dedup"}
SPREAD_MS = 1  # between the times of copy n and n + 1
BY_NUMBER = {"customer_id", "score_ms"}
# Of what a copy must look like: what has other values in every copy.
VARYING_TYPES = {"uuid", "timestamptz", "bytea", "xid8"}
NUMBER = "ord_"

COLUMNS = """
select c.relname, a.attname, t.typname,
       coalesce(a.attnum = any (x.indkey), false)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_index x on x.indrelid = c.oid and x.indisprimary
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  and exists (select 1 from pg_attribute y where y.attrelid = c.oid and y.attname = 'case_id')
order by c.relname, a.attnum
"""


@dataclass
class Table:
    name: str
    types: dict  # type by column, in order
    key: list    # of the primary key
    before: list
    after: list

    def compared(self):
        """The columns whose values all copies share."""
        return [column for column, kind in self.types.items()
                if kind not in VARYING_TYPES and column not in BY_NUMBER and column != "tenant_id"]


class Shape:
    """`clock_id`: whose firing makes the difference between before and after."""

    def __init__(self, world, case_id, clock_id):
        self._world = world
        self.case_id, self.clock_id = case_id, clock_id
        self._first_ms = int(time.time() * 1000)
        self._slots = {case_id: 0, clock_id: 1}
        columns = collections.defaultdict(dict)
        keys = collections.defaultdict(list)
        for table, column, kind, in_key in world.sql(COLUMNS):
            if table not in APART:
                columns[table][column] = kind
                keys[table] += [column] * in_key
        self.tables = [Table(name, types, keys[name], [], []) for name, types in columns.items()]
        world.sql("create schema shape")

    def keep(self, state, cursor):
        """Remembers the rows of the example as `state`: "before" or "after"."""
        for table in self.tables:
            cursor.execute(
                f"create table shape.{state}_{table.name} as select (row_number() over ())::int4 "
                f"as {NUMBER}, t.* from {table.name} t where case_id = %s", (self.case_id,))
            cursor.execute(f"select {', '.join(table.types)} from shape.{state}_{table.name} "
                           f"order by {NUMBER}")
            rows = [dict(zip(table.types, values)) for values in cursor.fetchall()]
            setattr(table, state, rows)
            for row in rows:
                self._learn_ids(table, row)

    def _learn_ids(self, table, row):
        for column, kind in table.types.items():
            if kind == "uuid" and row[column] is not None:
                self._slots.setdefault(row[column], len(self._slots))

    # --- expressions over n and a row s of the shape ---

    def id(self, number, example):
        """The id in copy `number`, an expression, of what has the id `example` in the example."""
        slot = self._slots[example]
        return (f"(lpad(to_hex({self._first_ms} + {number}), 12, '0') || '7{slot:03x}8000' || "
                f"lpad(to_hex({number}), 12, '0'))::uuid")

    def case(self, number):
        return self.id(number, self.case_id)

    def in_range(self, first, end):
        """A condition: the case is one of the copies first .. end - 1."""
        return f"case_id between {self.case(first)} and {self.case(end - 1)}"

    def _value(self, table, row, column, ahead_ms=0):
        kind = table.types[column]
        if row[column] is None:
            return "null"
        if kind == "uuid":
            return self.id("n", row[column])
        if kind == "timestamptz":
            return f"s.{column} + (n * {SPREAD_MS} + {ahead_ms}) * interval '1 ms'"
        if column == "score_ms":
            return f"s.{column} + n * {SPREAD_MS} + {ahead_ms}"
        return "'armed-' || n" if column == "customer_id" else f"s.{column}"

    def insert(self, table, state, number, numbers, ahead_ms=0):
        """The statement that writes row `number` of the state for all n of `numbers`, with times later
        by `ahead_ms`."""
        row = getattr(table, state)[number - 1]
        # What a transaction stamps on its rows comes from the column's default.
        columns = [column for column, kind in table.types.items() if kind != "xid8"]
        values = ", ".join(self._value(table, row, column, ahead_ms) for column in columns)
        return (f"insert into {table.name} ({', '.join(columns)}) select {values} "
                f"from shape.{state}_{table.name} s cross join {numbers} n "
                f"where s.{NUMBER} = {number}")

    def _update(self, table, number, old, numbers, ahead_ms):
        row = table.after[number - 1]
        changed = [column for column in table.types if row[column] != old[column]]
        if not changed:
            return None
        values = ", ".join(f"{column} = {self._value(table, row, column)}" for column in changed)
        key = " and ".join(f"t.{column} = {self._value(table, old, column, ahead_ms)}"
                           for column in table.key)
        return (f"update {table.name} t set {values} from shape.after_{table.name} s "
                f"cross join {numbers} n where s.{NUMBER} = {number} and {key}")

    def difference(self, numbers, ahead_ms):
        """The statements that make `after` of `before` for all n of `numbers`, whose rows were written
        with times later by `ahead_ms`: a key may have a time in it."""
        statements = []
        for table in self.tables:
            old = {tuple(row[column] for column in table.key): row for row in table.before}
            for number, row in enumerate(table.after, 1):
                key = tuple(row[column] for column in table.key)
                statements.append(self._update(table, number, old[key], numbers, ahead_ms) if key in old
                                  else self.insert(table, "after", number, numbers))
        return [one for one in statements if one]

    # --- what fired copies look like ---

    def wrong(self, tenant_id, first, end):
        """What tells the copies first .. end - 1 from fired ones, a line each; [] = nothing."""
        found = []
        for table in self.tables:
            columns = table.compared()
            rows = self._world.sql(
                f"select {', '.join(columns)}, count(*) from {table.name} where tenant_id = %s "
                f"and {self.in_range(first, end)} group by {', '.join(columns)}", (tenant_id,))
            have = collections.Counter({row[:-1]: row[-1] for row in rows})
            want = collections.Counter()
            for row in table.after:
                want[tuple(row[column] for column in columns)] += end - first
            found += _different(table.name, columns, have, want)
        return found


def _different(name, columns, have, want):
    for values in sorted(set(have) | set(want), key=str):
        if have[values] != want[values]:
            row = ", ".join(f"{column}={value}" for column, value in zip(columns, values))
            yield f"{name}: {have[values]} rows instead of {want[values]} with {row}"
