# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: one function each. What several rows need is measured once, by `Measured`.

A row is

    @row("name", unit="x", goal=2.0, direction="higher")
    def name(m):
        return value
"""

import functools
import statistics
import subprocess
import time

from harness import paths
from harness.cluster import SERVICES
from harness.process import Failed

import baseline
import counts
import record
from world import BASELINE, OURS, wait_quiet

ROUNDS, FAIRNESS_ROUNDS = 3, 5
SECONDS = 5
IN_FLIGHT, CLIENTS = 128, 16
FLOOD = 256
ROWS = []


def row(name, *, unit, direction, goal=None):
    def add(function):
        ROWS.append({"name": name, "unit": unit, "goal": goal, "direction": direction,
                     "measure": function})
        return function

    return add


# --- what several rows need ---


class Measured:
    """The world and what was measured in it so far; `note` collects what is printed beside a row."""

    def __init__(self, world, seconds=SECONDS, rounds=ROUNDS, share=1):
        self.world = world
        self.seconds = seconds
        self.rounds = rounds
        self.share = share
        self.notes = {}

    def note(self, name, text):
        self.notes.setdefault(name, []).append(text)

    # --- recorded segments ---

    def _record(self, *words):
        """The segments of three turns; the first warms what is loaded once."""
        with record.recorded(self.world) as segments:
            self.world.load("--connections", 1, "--in-flight", 1, "--count", 3, "--seconds", 2,
                            "--warm-up-ms", 0, "--seed", "recorded", *words)
        if not segments or len(segments) % 3:
            raise Failed(f"recorded {len(segments)} segments of three turns")
        size = len(segments) // 3
        return segments[size:2 * size], segments[2 * size:]

    @functools.cached_property
    def open_script(self):
        script = baseline.Script(*self._record())
        return baseline.Pgbench(self.world, "open", script)

    @functools.cached_property
    def life_script(self):
        agent = "agent-recorded-0"
        script = baseline.Script(*self._record("--life", "--tenant", "life"), by_client=[agent])
        self.commands_a_life = script.commits
        self._copy_agents(agent)
        return baseline.Pgbench(self.world, "life", script)

    def _copy_agents(self, agent):
        """An agent of its own for each client of pgbench: they would wait for each other's row."""
        tenant = self.world.tenant_id("life")
        columns = [name for name, in self.world.sql(
            "select attname from pg_attribute where attrelid = 'agent'::regclass and attnum > 0"
            " order by attnum")]
        [values] = self.world.sql("select * from agent where tenant_id = %s and agent_id = %s",
                                  (tenant, agent))
        for client in range(CLIENTS):
            copied = [f"{agent}-{client}" if name == "agent_id" else value
                      for name, value in zip(columns, values)]
            self.world.sql(f"insert into agent values ({', '.join(['%s'] * len(columns))})",
                           copied, BASELINE)

    # --- baseline against ours, in turns ---

    def pairs(self, name, run_baseline, run_ours):
        """Results in turns: baseline, ours, baseline, ours .."""
        results = []
        for _ in range(self.rounds):
            self.world.checkpoint()
            theirs = run_baseline()
            self.world.checkpoint()
            ours = run_ours()
            wait_quiet(self.world)
            results.append((theirs, ours))
        self.note(name, f"{self.rounds} rounds of {self.seconds} s")
        return results

    def same_rows(self, tenant, run_baseline, run_ours):
        """Runs both once for a moment and compares what they wrote, case for case."""
        tenant_id = self.world.tenant_id(tenant)
        written = {}
        for database, run in ((BASELINE, run_baseline), (OURS, run_ours)):
            before = counts.count(self.world, database, tenant_id)
            run()
            written[database] = counts.per_case(before, counts.count(self.world, database, tenant_id))
        counts.require_same(written[OURS], written[BASELINE])
        return written[OURS]

    def open_load(self, in_flight):
        return self.world.load("--in-flight", in_flight, "--seconds", self.seconds,
                               "--connections", min(4, in_flight))["all"]

    @functools.cached_property
    def open_pairs(self):
        name = "open_case_vs_pgbench"
        script = self.open_script
        written = self.same_rows(
            "demo", lambda: script.run(CLIENTS, 1),
            lambda: self.world.load("--in-flight", IN_FLIGHT, "--seconds", 1, "--warm-up-ms", 0))
        rows = sum(value for key, value in written.items() if "." not in key)
        entries = sum(value for key, value in written.items() if "." in key)
        self.note(name, f"both write {rows:g} rows and {entries:g} index entries a case")
        segments, members = self.world.members()
        cpu = self.world.cpu_seconds()
        pairs = self.pairs(name, lambda: script.run(CLIENTS, self.seconds),
                           lambda: self.open_load(IN_FLIGHT))
        self._note_use(name, segments, members, cpu)
        return pairs

    def _note_use(self, name, segments, members, cpu):
        now_segments, now_members = self.world.members()
        self.note(name, f"{(now_members - members) / max(1, now_segments - segments):.1f} members "
                        "a segment")
        for part, seconds in self.world.cpu_seconds().items():
            used = (seconds - cpu[part]) / max(1, now_members - members) * 1e6
            if part != "postgres" and used >= 0.5:
                self.note(name, f"{part} about {used:.0f} us CPU a call")


def median_ratio(pairs, ratio):
    return statistics.median(ratio(theirs, ours) for theirs, ours in pairs)


# --- idle processes (first: nothing has called them yet) ---


def _status_mb(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise Failed(f"no {field}")


def _largest_mb(m, field):
    values = {kind: _status_mb(service.pid, field) for kind, service in m.world.services.items()}
    m.note("rss_anon_idle_mb" if field == "RssAnon" else "rss_idle_mb",
           ", ".join(f"{kind} {value:.1f}" for kind, value in values.items()))
    return max(values.values())


@row("rss_anon_idle_mb", unit="MB", goal=8, direction="lower")
def rss_anon_idle_mb(m):
    time.sleep(2)
    return _largest_mb(m, "RssAnon")


@row("rss_idle_mb", unit="MB", goal=25, direction="lower")
def rss_idle_mb(m):
    return _largest_mb(m, "VmRSS")


@row("ready_s", unit="s", goal=0.5, direction="lower")
def ready_s(m):
    """From start to /readyz 200, median of some starts, of the slowest service."""
    medians = {}
    for kind in SERVICES:
        times = []
        for _ in range(5):
            service = m.world.services[kind]
            service.stop()
            begin = time.perf_counter()
            service.start()
            while not service.ready():
                if time.perf_counter() - begin > 10:
                    raise Failed(f"{kind} is not ready after 10 s\n{service.tail()}")
                time.sleep(0.002)
            times.append(time.perf_counter() - begin)
        medians[kind] = statistics.median(times)
    m.note("ready_s", ", ".join(f"{kind} {value:.3f}" for kind, value in medians.items()))
    return max(medians.values())


# --- OpenCase ---


@row("open_case_vs_pgbench", unit="x", goal=2.0, direction="higher")
def open_case_vs_pgbench(m):
    for theirs, ours in m.open_pairs:
        m.note("open_case_vs_pgbench",
               f"pgbench {theirs.per_second:.0f}/s, ours {ours['per_second']:.0f}/s "
               f"(p50 {ours['p50_ms']:.1f}, p99 {ours['p99_ms']:.1f} ms)")
    return median_ratio(m.open_pairs, lambda theirs, ours: ours["per_second"] / theirs.per_second)


@row("open_case_single_latency_vs_pgbench", unit="x", goal=1.3, direction="lower")
def open_case_single_latency_vs_pgbench(m):
    name = "open_case_single_latency_vs_pgbench"
    script = m.open_script
    pairs = m.pairs(name, lambda: script.run(1, m.seconds), lambda: m.open_load(1))
    for theirs, ours in pairs:
        m.note(name, f"pgbench {theirs.latency_ms:.3f} ms, ours {1000 / ours['per_second']:.3f} ms "
                     f"(p50 {ours['p50_ms']:.3f}, p99 {ours['p99_ms']:.3f} ms)")
    return median_ratio(pairs, lambda theirs, ours: 1000 / ours["per_second"] / theirs.latency_ms)


def _half_rate(m):
    return round(statistics.median(ours["per_second"] for _, ours in m.open_pairs) / 2)


def _half_load(m, rate, with_checkpoint):
    """One run, and whether a checkpoint was in it."""
    before = m.world.last_checkpoint()
    load = m.world.load_begin("--rate", rate, "--seconds", m.seconds)
    if with_checkpoint:
        time.sleep(1 + m.seconds / 4)  # the load warms up for a second
        m.world.checkpoint()
    return load.result()["all"], m.world.last_checkpoint() != before


@row("open_case_p99_ms_half_load", unit="ms", goal=12, direction="lower")
def open_case_p99_ms_half_load(m):
    """Outside checkpoints; the note has a run with one in it."""
    name = "open_case_p99_ms_half_load"
    rate, p99s = _half_rate(m), []
    for round_ in range(m.rounds + 1):
        m.world.checkpoint()
        last = round_ == m.rounds
        run, checkpoint = _half_load(m, rate, last)
        if checkpoint != last:
            raise Failed("a checkpoint came, or did not, against the plan")
        if not last:
            p99s.append(run["p99_ms"])
        m.note(name, f"{run['per_second']:.0f} of {rate}/s, p50 {run['p50_ms']:.2f}, p99 "
                     f"{run['p99_ms']:.2f}, max {run['max_ms']:.0f} ms{', with a checkpoint' * last}")
    return statistics.median(p99s)


@row("fairness_p99_ratio", unit="x", goal=1.8, direction="lower")
def fairness_p99_ratio(m):
    """Tenant B at a steady pace, an eighth of what the services carry, alone and while A floods from
    a process of its own."""
    rate = max(1, _half_rate(m) // 4)
    name = "fairness_p99_ratio"
    ratios = []
    for _ in range(max(m.rounds, FAIRNESS_ROUNDS)):
        words = ("--tenant", "acme", "--rate", rate, "--seconds", m.seconds)
        m.world.checkpoint()
        alone = m.world.load(*words)["all"]
        m.world.checkpoint()
        flood = m.world.load_begin("--tenant", "demo", "--in-flight", FLOOD, "--seconds",
                                   m.seconds + 1, "--warm-up-ms", 500)
        beside = m.world.load(*words)["all"]
        flood = flood.result()["all"]
        ratios.append(beside["p99_ms"] / alone["p99_ms"])
        m.note(name, f"B at {rate}/s alone p50 {alone['p50_ms']:.2f}, p99 {alone['p99_ms']:.2f} ms; "
                     f"beside A ({flood['per_second']:.0f}/s, p99 {flood['p99_ms']:.1f} ms) "
                     f"p50 {beside['p50_ms']:.2f}, p99 {beside['p99_ms']:.2f} ms")
    return statistics.median(ratios)


# --- whole lives ---


def _life_load(m, seconds, warm_up_ms=1000):
    return m.world.load("--life", "--tenant", "life", "--in-flight", IN_FLIGHT, "--seconds", seconds,
                        "--warm-up-ms", warm_up_ms)


@row("mixed_life_vs_pgbench", unit="x", goal=2.8, direction="higher")
def mixed_life_vs_pgbench(m):
    name = "mixed_life_vs_pgbench"
    script = m.life_script
    m.same_rows("life", lambda: script.run(CLIENTS, 1), lambda: _life_load(m, 1, 0))
    segments, members = m.world.members()
    pairs = m.pairs(name, lambda: script.run(CLIENTS, m.seconds), lambda: _life_load(m, m.seconds))
    now_segments, now_members = m.world.members()
    m.note(name, f"{(now_members - members) / max(1, now_segments - segments):.1f} members a segment")
    m.note(name, f"{m.commands_a_life} commands a life")
    ratios = []
    for theirs, ours in pairs:
        # Calls that found no case waiting write nothing and do not count.
        commands = (ours["all"]["calls"] - ours["empty"]) / m.seconds
        ratios.append(commands / (theirs.per_second * m.commands_a_life))
        m.note(name, f"pgbench {theirs.per_second * m.commands_a_life:.0f}/s, ours {commands:.0f}/s "
                     f"({ours['lives'] / m.seconds:.0f} lives/s, {ours['empty']} asked in vain, "
                     f"p99 {ours['all']['p99_ms']:.1f} ms)")
    return statistics.median(ratios)


HOT = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'recovery_case'"
COMMANDS = "select count(*) from dedup"
# Every entry that an index gets is a record of the log.
ENTRIES = ("select coalesce(sum(count), 0) from pg_get_wal_stats(%s::pg_lsn, %s::pg_lsn, true) "
           "where \"resource_manager/record_type\" like 'Btree/INSERT%%'")


@row("mixed_life_hot_share", unit="", goal=0.95, direction="higher")
def mixed_life_hot_share(m):
    """Of the updates of cases those that make no index entry. The backends tell their counts when they
    end, so the services are stopped for it."""
    world = m.world
    world.sql("create extension if not exists pg_walinspect")
    before, first = world.sql(HOT)[0], world.sql("select pg_current_wal_lsn()")[0][0]
    [[commands_before]] = world.sql(COMMANDS)
    _life_load(m, m.seconds, 0)
    wait_quiet(world)
    entries = int(world.sql(ENTRIES, (first, world.sql("select pg_current_wal_lsn()")[0][0]))[0][0])
    world.stop_services()
    after = world.sql(HOT)[0]
    world.start_services()
    updates, hot = (now - was for now, was in zip(after, before))
    commands = world.sql(COMMANDS)[0][0] - commands_before
    m.note("mixed_life_hot_share", f"{commands} commands: {updates / commands:.2f} updates of a case "
                                   f"and {entries / commands:.2f} index entries each")
    return hot / updates
