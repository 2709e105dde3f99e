# SPDX-License-Identifier: Apache-2.0
"""A database with very many armed clocks, and clocks of it made due when a row wants them.

The clocks belong to open cases with all that an open case has: signals, events, their private parts,
a place in the queue. The clock of each case that falls due first has only its deadline before it, in
three hours; a row takes as many cases as it needs, in order, and moves that clock to instants of its own.
"""

import time

from harness import api
from harness.process import Failed, wait_until

from shape import Shape

ARMED = "armed"
TENANT = "demo"
AHEAD_MS = 3 * 3600 * 1000
SEVERITY = 2
RUNNING = 1
THRESHOLDS_MAX = 8

# As they are defined.
INDEXES = """
select t.relname, i.relname, pg_get_indexdef(i.oid), x.indisprimary
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
where t.relnamespace = 'public'::regnamespace and t.relname = any (%s)
order by i.oid
"""


class Example:
    """One case that the services opened, and the firing of its first deadline."""

    def __init__(self, world):
        self._world = world
        self.case_id = self._open()
        self.clock_id = world.sql("select clock_id from clock where case_id = %s and state = %s "
                                  "order by due_at limit 1", (self.case_id, RUNNING))[0][0]
        self.shape = Shape(world, self.case_id, self.clock_id)
        self._fire_thresholds()
        self._fire("due_at", keep=True)
        with world.cursor() as cursor:
            self.shape.keep("after", cursor)

    def _open(self):
        v1, intake = api.v1, self._world.client("intake", TENANT)
        failure = v1.Failure(
            code="billing.overcharge", product="fibre 250", order_reference="order-1",
            description="The invoice of this month charges a fee that nobody agreed to, and the line "
                        "has been busy since Monday.")
        failure.money_at_stake.currency_code, failure.money_at_stake.units = "EUR", 49
        return intake.OpenCase(
            trigger=v1.TRIGGER_COMPLAINT, channel=v1.CHANNEL_EMAIL, customer_id="the-example",
            customer_name="Maria Example", customer_contact="maria@example.org", failure=failure,
            severity=SEVERITY, minutes_lost=25).case.case_id

    def _clock(self):
        """(next look, deadline, generation)"""
        return self._world.sql("select next_at, due_at, generation from clock where case_id = %s and "
                               "clock_id = %s", (self.case_id, self.clock_id))[0]

    def _fire_thresholds(self):
        """What comes before the deadline."""
        for _ in range(THRESHOLDS_MAX):
            next_at, due_at, _ = self._clock()
            if next_at == due_at:
                return
            self._fire("next_at")
        raise Failed("the clock of the example never comes to its deadline")

    def _fire(self, column, keep=False):
        """Takes the example back in time until the clock's `column` is now, and waits for its firing."""
        generation = self._clock()[2]
        with self._world.cursor(autocommit=False) as cursor:
            self._take_back(cursor, column)
            if keep:  # in this transaction: it fires at once
                self.shape.keep("before", cursor)
        wait_until(lambda: self._clock()[2] > generation, "the clock of the example to fire")
        time.sleep(0.5)  # what follows from it: routes, a look for agents

    def _take_back(self, cursor, column):
        cursor.execute(f"select {column} - clock_timestamp() from clock where case_id = %s and "
                       "clock_id = %s", (self.case_id, self.clock_id))
        [ahead] = cursor.fetchone()
        for table in self.shape.tables:
            moved = [f"{name} = {name} - %(ahead)s" for name, kind in table.types.items()
                     if kind == "timestamptz"]
            if "score_ms" in table.types:
                moved.append("score_ms = score_ms - (extract(epoch from %(ahead)s) * 1000)::int8")
            if moved:
                cursor.execute(f"update {table.name} set {', '.join(moved)} where case_id = %(case)s",
                               {"ahead": ahead, "case": self.case_id})


class Armed:
    """Moves the world to a database of its own, with at least `clocks` armed clocks."""

    def __init__(self, world, clocks):
        self._world = world
        begin = time.monotonic()
        world.move(ARMED)
        self.tenant_id = world.tenant_id(TENANT)
        self.shape = Example(world).shape
        self.cases = -(-clocks // self._clocks_a_case())
        self._next = 1
        world.stop_services()
        self._fill()
        world.sql("vacuum (analyze)")
        self.count = world.sql("select count(*) from clock where next_at is not null")[0][0]
        self.reload()
        world.start_services()
        self.seconds = time.monotonic() - begin

    def _clocks_a_case(self):
        [clocks] = [table for table in self.shape.tables if table.name == "clock"]
        return sum(row["next_at"] is not None for row in clocks.before)

    def _fill(self):
        """Without indexes, as bulk loading is done; they are made again behind it."""
        tables = [table for table in self.shape.tables if table.before]
        indexes = self._world.sql(INDEXES, ([table.name for table in tables],))
        with self._world.cursor() as cursor:
            cursor.execute("set synchronous_commit = off; set maintenance_work_mem = '512MB'")
            for table, name, _, primary in indexes:
                cursor.execute(f"alter table {table} drop constraint {name}" if primary
                               else f"drop index {name}")
            for table in tables:
                for number in range(1, len(table.before) + 1):
                    cursor.execute(self.shape.insert(
                        table, "before", number, f"generate_series(1, {self.cases})", AHEAD_MS))
            for table, name, definition, primary in indexes:
                cursor.execute(definition)
                if primary:
                    cursor.execute(f"alter table {table} add constraint {name} primary key "
                                   f"using index {name}")

    # --- taking some ---

    def take(self, count):
        """(first, end): the numbers of `count` cases that no row has had."""
        first, self._next = self._next, self._next + count
        if self._next > self.cases + 1:
            raise Failed(f"{count} more cases of {self.cases}: too few are left")
        return first, self._next

    def arm(self, first, end, due, step_us):
        """The first deadline of case n moves to `due` (a datetime) and (n - first) * step_us; Redis
        forgets all timers and reads them again."""
        with self._world.cursor() as cursor:
            cursor.execute(
                "update clock c set started_at = c.started_at + (v.due - c.due_at), due_at = v.due, "
                f"next_at = v.due from generate_series({first}, {end - 1}) n cross join lateral "
                f"(select %s + (n - {first}) * %s * interval '1 us' as due) v "
                f"where c.tenant_id = %s and c.case_id = {self.shape.case('n')} and "
                f"c.clock_id = {self.shape.id('n', self.shape.clock_id)}",
                (due, step_us, self.tenant_id))
            if cursor.rowcount != end - first:
                raise Failed(f"{cursor.rowcount} clocks of {end - first} were moved")
        self.reload()

    def reload(self):
        self._world.redis.cli("flushall")

    def timers_in_redis(self):
        keys = self._world.redis.cli("keys", "amends:t:*")
        return sum(int(self._world.redis.cli("zcard", key)[0]) for key in keys)

    # --- what became of them ---

    def waits(self, until):
        """True while a clock that was to be looked at by then has not been."""
        return bool(self._world.sql("select 1 from clock where next_at <= %s limit 1", (until,)))

    def require_fired(self, first, end):
        """Fails unless each was fired once, and all that belongs to a firing was written."""
        wrong = self.shape.wrong(self.tenant_id, first, end)
        if wrong:
            raise Failed("; ".join(wrong[:6]))

    def firings(self, first, end):
        """(deadline, commit) of these cases in seconds, by PostgreSQL's record of commits: the instant
        at which the transaction of the firing's last event ended, just before its record is flushed."""
        [case] = [table for table in self.shape.tables if table.name == "recovery_case"]
        return self._world.sql(
            "select extract(epoch from k.due_at)::float8, "
            "extract(epoch from pg_xact_commit_timestamp(e.xid::xid))::float8 "
            f"from generate_series({first}, {end - 1}) n "
            f"join clock k on k.tenant_id = %s and k.case_id = {self.shape.case('n')} "
            f"and k.clock_id = {self.shape.id('n', self.shape.clock_id)} "
            "join case_event e on e.tenant_id = k.tenant_id and e.case_id = k.case_id and e.seq = %s",
            (self.tenant_id, case.after[0]["last_seq"]))
