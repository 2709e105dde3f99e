# SPDX-License-Identifier: Apache-2.0
"""The row about work lists: how fast they are read where there are many cases and many agents."""

import random
import statistics
import threading
import time

from harness.process import Failed
from scenario.support import sample

from rows import row
from world import wait_quiet

CASES, AGENTS, LARGE = 1_000_000, 10_000, 10_000
DATABASE, TENANT, LIVE_TENANT = "work", "demo", "acme"
LISTS_PER_S, OPEN_PER_S, PAGE = 50, 500, 50
CHUNK = 100_000
TEAM = 20  # agents

# Whose cases: a fifth wait at the desk, one agent has LARGE, the others share the rest.
OWNER = ("case when n %% 5 = 0 then 'steward' when n <= %(large)s * 5 / 4 then 'agent-0'"
         " else 'agent-' || 1 + n %% (%(agents)s - 1) end")
# Due within three days, a third of them overdue.
SHIFT = "(n %% 259200 - 86400) * interval '1 s'"
TIMES = ("owed_at", "next_due_at", "owed_for", "due_at")
FRESH = {"case_id": "md5('work' || n)::uuid", "next_at": "null", "owner_id": OWNER,
         "owner_kind": "case when n %% 5 = 0 then 1 else 2 end", "queue_level": "0",
         "waits_since": "null", "promise_at": f"case when n %% 10 = 0 then x.opened_at + {SHIFT} end",
         "answer_at": f"case when n %% 20 = 0 then x.owed_at + {SHIFT} end"}


def _values(table, names):
    made = {**FRESH, **{one: f"x.{one} + {SHIFT}" for one in TIMES}}
    if table == "clock":
        made.pop("promise_at")
    return ", ".join(made.get(one, f"x.{one}") for one in names)


class Lists:
    """A tenant with CASES open cases of AGENTS agents and a desk. All are copies of one case; their
    timers are not armed."""

    def __init__(self, m):
        self.world, self.cases = m.world, round(CASES * m.share)
        self.agents = max(2 * TEAM, round(AGENTS * m.share))
        self.world.move(DATABASE)
        self._put_agents()
        self._copy(self.world.client("intake", TENANT).OpenCase(**sample.claim()).case.case_id)

    def _put_agents(self):
        self.world.sql(
            "insert into agent (tenant_id, agent_id, version, display_name, public_contact, team, level,"
            " capacity, skills, languages, authorities, presence, presence_at, idle_since)"
            " select %s, 'agent-' || n, 1, '', '', 'team-' || n / %s, 1, 1000, '', '', '', 3, now(), now()"
            " from generate_series(0, %s) n", (self.world.tenant_id(TENANT), TEAM, self.agents - 1))

    def _copy(self, case_id):
        with self.world.cursor() as cursor:
            for table in ("recovery_case", "case_work", "clock"):
                cursor.execute("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
                               " and not attisdropped order by attnum", (table,))
                names = [name for name, in cursor.fetchall()]
                for first in range(1, self.cases + 1, CHUNK):
                    cursor.execute(
                        f"insert into {table} ({', '.join(names)}) select {_values(table, names)} from {table} x,"
                        " generate_series(%(first)s, %(last)s) n where x.case_id = %(id)s",
                        {"id": case_id, "first": first, "last": min(first + CHUNK - 1, self.cases),
                         "large": LARGE, "agents": self.agents})
            cursor.execute(
                "insert into promise select tenant_id, case_id, case_id, 1, 1, 1, promise_at, promise_at, opened_at,"
                " 'agent-0', '', null, '', null, null from case_work where promise_at is not null")
        self.world.sql("vacuum analyze")

    def whose(self, number):
        """Most lists are an agent's; some the largest there are, and some a team's."""
        few = {0: {"owner_id": "agent-0"}, 1: {"level": 1}, 2: {"team": f"team-{number % (self.agents // TEAM)}"}}
        return few.get(number % 10) or {"owner_id": f"agent-{random.Random(number).randrange(1, self.agents)}"}


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def _read_lists(lists, seconds):
    """Milliseconds of first pages at a fixed pace. A list counts from the instant at which it was due."""
    call, took, rows, threads = lists.world.client("assignment", TENANT, "WorkService").ListWork, [], [], []

    def read(number, due):
        page = call(page_size=PAGE, **lists.whose(number))
        took.append((time.perf_counter() - due) * 1000)
        rows.append(len(page.items))

    begin = time.perf_counter()
    for number in range(LISTS_PER_S * seconds):
        due = begin + number / LISTS_PER_S
        time.sleep(max(0, due - time.perf_counter()))
        threads.append(threading.Thread(target=read, args=(number, due)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    if len(took) != LISTS_PER_S * seconds:
        raise Failed(f"{len(took)} of {LISTS_PER_S * seconds} lists were answered")
    return took, statistics.mean(rows)


@row("work_list_p99_ms", unit="ms", goal=20, direction="lower")
def work_list_p99_ms(m):
    """Fifty ListWork a second beside 500 OpenCase a second of another tenant."""
    name, lists, values = "work_list_p99_ms", Lists(m), []
    for _ in range(m.rounds):
        m.world.checkpoint()
        live = m.world.load_begin("--tenant", LIVE_TENANT, "--rate", OPEN_PER_S, "--seconds", m.seconds + 2,
                                  "--warm-up-ms", 500)
        time.sleep(1)
        took, rows = _read_lists(lists, m.seconds)
        opened = live.result()["all"]
        wait_quiet(m.world)
        values.append(p99(took))
        m.note(name, f"p50 {statistics.median(took):.1f}, p99 {p99(took):.1f} ms for {rows:.0f} rows; OpenCase p99 "
                     f"{opened['p99_ms']:.1f} ms")
    summary = m.world.client("assignment", TENANT, "WorkService").GetWorkSummary
    began = time.perf_counter()
    total = summary(level=1).total
    m.note(name, f"{lists.cases} cases, {lists.agents} agents; GetWorkSummary of the desk "
                 f"{(time.perf_counter() - began) * 1000:.0f} ms ({total.overdue} overdue)")
    return statistics.median(values)
