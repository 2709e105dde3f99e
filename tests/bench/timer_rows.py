# SPDX-License-Identifier: Apache-2.0
"""Rows about clocks, in a database of their own with a million of them armed."""

import functools
import json
import statistics
import subprocess
import time
from datetime import datetime, timedelta, timezone

from harness import paths
from harness.process import Failed

import bullmq
from armed import Armed
from raw import A_STATEMENT, CONNECTIONS, Raw
from rows import row
from world import wait_quiet

CLOCKS = 1_000_000
HERD = 100_000
# From arming to the first deadline: for Redis to read them.
LEAD_S = 15
LATE_SHARE, LATE_S = 0.6, 20
FLUSH_S, FLUSH_PER_SECOND = 60, 1000
RAW_CASES = 40_000
EMPTY_TIMERS, EMPTY_RUNS = 200_000, 3


class Timers:
    """What the rows about clocks share; measured once."""

    def __init__(self, m):
        self._m = m
        self.world = m.world
        self.share = m.share
        self._herd, self._failed = None, object()

    @functools.cached_property
    def armed(self):
        return Armed(self.world, round(CLOCKS * self.share))

    # --- fired when due ---

    def fire(self, name, count, per_second, limit_s, flush=False):
        """Arms `count` clocks, `per_second` of them a second, waits until all are fired and gives
        (deadline, commit) of each. With `flush` Redis loses all when the first falls due, and
        only those due after it are given."""
        armed = self.armed
        first, end = armed.take(count)
        step_us = 1_000_000 / per_second
        begin = datetime.now(timezone.utc) + timedelta(seconds=LEAD_S)
        armed.arm(first, end, begin, step_us)
        self.world.checkpoint()
        self._wait_in_redis(name, count, begin.timestamp())
        if flush:
            self.world.redis.cli("flushall")
        flushed = time.time()
        self._wait_fired(begin + timedelta(microseconds=step_us * count), limit_s)
        armed.require_fired(first, end)
        return [one for one in armed.firings(first, end) if not flush or one[0] > flushed]

    def _wait_in_redis(self, name, count, begin):
        """Until the first deadline. The sweep fires those that Redis does not know."""
        loaded = 0
        while loaded < count and time.time() < begin - 1:
            time.sleep(0.2)
            loaded = self.armed.timers_in_redis()
        if loaded < count:
            self._m.note(name, f"Redis knew {loaded} of {count} clocks a second before the first fell due")
        time.sleep(max(0, begin - time.time()))

    def _wait_fired(self, until, limit_s):
        """Until all that was due by then is fired. It looks seldom: it takes from the same cores."""
        time.sleep(max(0, until.timestamp() - time.time()))
        while self.armed.waits(until):
            if time.time() > until.timestamp() + limit_s:
                raise Failed(f"not all fired {limit_s} s after the last deadline")
            time.sleep(0.5)

    # --- the herd, and PostgreSQL alone ---

    def herd(self):
        """Seconds from the first deadline to the last commit, clocks fired a second, and what raw runs
        before and after gave."""
        if self._herd is None:
            self._herd = self._failed
            self._herd = self._measure_herd()
        if self._herd is self._failed:
            raise Failed("see timer_herd_s")
        return self._herd

    @functools.cached_property
    def raw(self):
        return Raw(self.world, self.armed)

    def _run_raw(self):
        batches = round(RAW_CASES * self.share / CONNECTIONS / A_STATEMENT)
        self.world.checkpoint()
        return self.raw.run(max(2, batches))

    def _measure_herd(self):
        count = round(HERD * self.share)
        armed = self.armed
        self._m.note("timer_herd_s", f"{armed.count} clocks armed in {armed.cases} open cases, made in "
                                     f"{armed.seconds:.0f} s")
        raw_before = self._run_raw()
        cpu, members = self.world.cpu_seconds(), self.world.members()
        fired = self.fire("timer_herd_s", count, count, 300)
        wait_quiet(self.world)
        self._note_use(count, cpu, members)
        raw_after = self._run_raw()
        seconds = max(commit for _, commit in fired) - min(due for due, _ in fired)
        return seconds, count / seconds, (raw_before, raw_after)

    def _note_use(self, count, cpu, members):
        segments, commands = self.world.members()
        self._m.note("timer_herd_s", f"{(commands - members[1]) / max(1, segments - members[0]):.1f} "
                                     "members a segment")
        used = {part: seconds - cpu[part] for part, seconds in self.world.cpu_seconds().items()}
        self._m.note("timer_herd_s", "CPU a clock: " + ", ".join(
            f"{part} {seconds / count * 1e6:.0f} us" for part, seconds in used.items()
            if seconds > 0.1))

    # --- empty effects, and BullMQ ---

    @functools.cached_property
    def bullmq_rate(self):
        """Jobs a second with an empty effect, on this Redis without services beside it."""
        self.world.stop_services()
        try:
            return bullmq.best(self.world, functools.partial(self._m.note, "timer_fire_vs_bullmq"),
                               self.share)
        finally:
            self.world.start_services()

    def empty_rates(self):
        """Timers a second with an empty effect, some runs."""
        self.world.stop_services()
        try:
            return [self._fire_empty(round(EMPTY_TIMERS * self.share)) for _ in range(EMPTY_RUNS)]
        finally:
            self.world.start_services()

    def _fire_empty(self, count):
        self.world.redis.cli("flushall")
        done = subprocess.run([paths.program("amends-fire"), "--redis", self.world.redis.url,
                               "--timers", str(count)],
                              capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            raise Failed(f"amends-fire: {done.stderr[-400:]}")
        return count / json.loads(done.stdout.splitlines()[-1])["seconds"]


def timers(m):
    if not hasattr(m, "timers"):
        m.timers = Timers(m)
    return m.timers


def _share(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _describe(lateness):
    return (f"{len(lateness)} clocks, late by {_share(lateness, 0.5) * 1000:.1f} ms at the median, "
            f"p99 {_share(lateness, 0.99) * 1000:.1f} ms, at most {max(lateness) * 1000:.1f} ms")


@row("timer_herd_s", unit="s", goal=20, direction="lower")
def timer_herd_s(m):
    seconds, rate, _ = timers(m).herd()
    m.note("timer_herd_s", f"{rate:.0f} clocks a second")
    return seconds


@row("timer_herd_vs_raw", unit="x", goal=0.7, direction="higher")
def timer_herd_vs_raw(m):
    _, rate, raw = timers(m).herd()
    m.note("timer_herd_vs_raw", f"ours {rate:.0f}/s, PostgreSQL alone before and after " + ", ".join(
        f"{alone:.0f}/s ({cpu_us:.0f} us CPU a clock)" for alone, cpu_us in raw))
    return rate / statistics.mean(alone for alone, _ in raw)


@row("timer_late_p99_ms", unit="ms", goal=250, direction="lower")
def timer_late_p99_ms(m):
    t = timers(m)
    rate = t.herd()[1] * LATE_SHARE
    fired = t.fire("timer_late_p99_ms", round(rate * LATE_S * min(1, 2 * m.share)), rate, 60)
    lateness = [commit - due for due, commit in fired]
    m.note("timer_late_p99_ms", f"{rate:.0f} a second; {_describe(lateness)}")
    return _share(lateness, 0.99) * 1000


@row("timer_flush_late_s", unit="s", goal=2, direction="lower")
def timer_flush_late_s(m):
    rate = FLUSH_PER_SECOND * m.share
    fired = timers(m).fire("timer_flush_late_s", round(rate * FLUSH_S), rate, 60, flush=True)
    lateness = [commit - due for due, commit in fired]
    m.note("timer_flush_late_s", _describe(lateness))
    return max(lateness)


@row("timer_fire_vs_bullmq", unit="x", goal=3.0, direction="higher")
def timer_fire_vs_bullmq(m):
    theirs, ours = timers(m).bullmq_rate, timers(m).empty_rates()
    m.note("timer_fire_vs_bullmq", "ours " + ", ".join(f"{rate:.0f}/s" for rate in ours))
    return statistics.median(ours) / theirs


@row("timer_commit_vs_bullmq", unit="x", direction="higher")
def timer_commit_vs_bullmq(m):
    """Information, without a goal: commits against jobs that do nothing."""
    ours, theirs = timers(m).herd()[1], timers(m).bullmq_rate
    m.note("timer_commit_vs_bullmq", f"ours {ours:.0f}/s committed, BullMQ {theirs:.0f}/s empty")
    return ours / theirs
