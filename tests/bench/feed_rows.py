# SPDX-License-Identifier: Apache-2.0
"""Rows about the feed, in a database of their own that remembers when transactions were committed."""

import functools
import json
import subprocess
import threading
import time

from harness import api, paths
from harness.api import v1
from harness.process import Failed, wait_until
from scenario.support import sample

from rows import _status_mb, row
from world import wait_quiet

EVENTS, EVENTS_PER_CASE, CASES_A_SLICE = 1_000_000, 8, 5000
EVENTS_PER_SECOND = 2000
# Ten processes, each with one stream of all and nine of the branch that one event in a hundred has.
PROCESSES, STREAMS, FILTERED = 10, 10, 9
IDLE_STREAMS, PER_CONNECTION = 5000, 100
RARE = "delivery.late"


class Watchers:
    """amends-watch, some streams."""

    def __init__(self, world, *words, tenant):
        argv = [paths.program("amends-watch"), "--intake", world.services["intake"].address, "--tenant", tenant, *words]
        self._process = subprocess.Popen([str(one) for one in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)

    def ready(self):
        assert self._process.stdout.readline() == "ready\n", self._process.stderr.read()
        return self

    def kill(self):
        self._process.kill()
        self._process.wait()

    def end(self, timeout_s=600):
        out, errors = self._process.communicate("\n", timeout=timeout_s)
        if self._process.returncode:
            raise Failed(f"amends-watch: {errors[-400:]}")
        return json.loads(out)


class Feed:
    """What these rows share."""

    def __init__(self, m):
        self.world = m.world
        self.world.move("feed")

    def fill(self, events):
        """Cases of tenant acme with as many events together; copies of one, each slice a transaction."""
        crm = self.world.client("intake", "acme")
        agent = self.world.client("assignment", "acme")
        agent.PutAgent(agent=sample.agent("ann"))
        case = crm.OpenCase(**sample.claim()).case
        acts = self.world.client("resolution", "acme", principal="ann")
        for _ in range(EVENTS_PER_CASE - 1):
            acts.RecordAct(case_id=case.case_id, kind=v1.ACT_KIND_APOLOGY, note="We are sorry for that.")
        wait_quiet(self.world)
        of_case = f"where case_id = '{case.case_id}'"
        number = self.world.sql(f"select count(*) from case_event {of_case}")[0][0]
        ids = f"overlay(lpad(to_hex(n), 32, '0') placing '7' from 13)::uuid"
        columns = ("epoch, at, kind, actor, public, private_digest, prev_hash, hash")
        done = 0
        while done * number < events:
            n = f"generate_series({done + 1}, {done + CASES_A_SLICE}) n"
            self.world.sql(
                "insert into recovery_case select (r).* from (select jsonb_populate_record(x,"
                f" jsonb_build_object('case_id', {ids}, 'customer_id', 'c-' || n)) r from recovery_case x, {n}"
                f" where x.case_id = '{case.case_id}') y;"
                f" insert into case_event (tenant_id, case_id, seq, {columns}) select tenant_id, {ids}, seq, {columns}"
                f" from case_event, {n} {of_case}")
            done += CASES_A_SLICE
        self.world.sql("vacuum analyze case_event")
        self.world.sql("vacuum analyze recovery_case")
        return self.world.sql(f"select count(*) from case_event where tenant_id = {self.world.tenant_id('acme')}")[0][0]


@functools.lru_cache(maxsize=1)
def feed_of(m):
    return Feed(m)


def delays_ms(world, logs):
    """From each transaction's commit, as PostgreSQL remembers it, to its arrivals."""
    rows = world.sql("select xid::text, extract(epoch from pg_xact_commit_timestamp(xid::xid)) * 1000000 from"
                     " (select distinct xid from case_event where tenant_id ="
                     f" {world.tenant_id('demo')}) x")
    commits = {xid: float(us) for xid, us in rows}
    found = []
    for log in logs:
        for line in log.read_text().splitlines():
            xid, at_us = line.split()
            found.append((int(at_us) - commits[xid]) / 1000)
    return sorted(found)


def open_rare(world, per_second, over):
    """One event in a hundred, of the branch that is filtered for."""
    client = world.client("intake", "demo")
    while not over.is_set():
        client.OpenCase(**sample.claim(RARE))
        over.wait(1 / per_second)


def write_events(world, seconds, per_second, seed):
    """OpenCase at this pace, and one of the rare branch for each hundred; what amends-load says."""
    over = threading.Event()
    rare = threading.Thread(target=open_rare, args=(world, per_second / 100, over))
    rare.start()
    try:
        return world.load("--rate", per_second, "--in-flight", 512, "--seconds", seconds, "--seed", seed)
    finally:
        over.set()
        rare.join()


def measure_delay(m, name):
    world, seconds, per_second = feed_of(m).world, max(m.seconds, 2), round(EVENTS_PER_SECOND * m.share)
    logs = [world.folder / f"arrivals-{name}-{one}" for one in range(PROCESSES)]
    watchers = [Watchers(world, "--streams", STREAMS, "--filtered", FILTERED, "--code", RARE, "--log", log,
                         tenant="demo").ready() for log in logs]
    before = world.sql("select count(*) from case_event")[0][0]
    cpu = world.cpu_seconds()
    try:
        load = write_events(world, seconds, per_second, f"feed-{name}")
    except BaseException:
        for one in watchers:
            one.kill()
        raise
    used = {part: (now - cpu[part]) / (seconds + 1) for part, now in world.cpu_seconds().items()}
    written = world.sql("select count(*) from case_event")[0][0] - before
    time.sleep(1)
    seen = sum(one.end()["events"] for one in watchers)
    found = delays_ms(world, logs)
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
    m.note(name, f"{written / (seconds + 1):.0f} events/s written, {seen} seen by {PROCESSES} streams of all and"
                 f" {PROCESSES * FILTERED} filtered; p50 {p50:.1f}, p99 {p99:.1f}, most {found[-1]:.0f} ms;"
                 f" OpenCase p99 {load['all'].get('p99_ms', 0):.1f} ms")
    m.note(name, ", ".join(f"{part} {share:.2f}" for part, share in used.items()) + " of a core")
    return p99


@row("feed_delay_p99_ms", unit="ms", goal=50, direction="lower")
def feed_delay_p99_ms(m):
    """From commit to watcher at 2,000 events a second."""
    return measure_delay(m, "feed_delay_p99_ms")


@row("feed_catch_up_per_s", unit="/s", goal=50_000, direction="higher")
def feed_catch_up_per_s(m):
    """One reader from the first event on."""
    name, feed = "feed_catch_up_per_s", feed_of(m)
    stored = feed.fill(round(EVENTS * m.share))
    cpu = feed.world.cpu_seconds()
    began = time.perf_counter()
    result = Watchers(feed.world, "--position", "EARLIEST", "--events", stored, tenant="acme").end()
    took = time.perf_counter() - began
    used = {part: now - cpu[part] for part, now in feed.world.cpu_seconds().items()}
    assert result["events"] >= stored
    m.note(name, f"{stored} events in {took:.1f} s; CPU: " +
           ", ".join(f"{part} {seconds:.1f} s" for part, seconds in used.items()))
    return stored / took


def open_streams(world, count, per_connection):
    """Idle streams, each with its first message there; the channels."""
    channels, streams = [], []
    for number in range(count):
        if number % per_connection == 0:
            channels.append(api.channel(world.services["intake"].address))
        client = api.Client(channels[-1], "FeedService", tenant="life", principal=f"idle-{number // 8}")
        streams.append(client.WatchEvents(position="LATEST", heartbeat_seconds=30, timeout_s=600))
    for stream in streams:
        next(stream)
    return channels


@row("watch_kb", unit="KB", goal=16, direction="lower")
def watch_kb(m):
    """Memory of intake for an idle stream, a hundred on a connection."""
    name, world = "watch_kb", feed_of(m).world
    pid = world.services["intake"].pid
    count = round(IDLE_STREAMS * m.share)

    def one(per_connection, count):
        before = _status_mb(pid, "RssAnon")
        channels = open_streams(world, count, per_connection)
        time.sleep(1)
        took = (_status_mb(pid, "RssAnon") - before) * 1024 / count
        for channel in channels:
            channel.close()
        wait_until(lambda: world.services["intake"].metrics()["amends_feed_streams"] == 0, "the streams to end", 60)
        return took

    value = one(PER_CONNECTION, count)
    m.note(name, f"one a connection {one(1, min(count, 500)):.1f} KB (500 streams, memory that was used before counts"
                 " as used)")
    return value
