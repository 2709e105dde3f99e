# SPDX-License-Identifier: Apache-2.0
"""The rows about webhooks: how fast one receiver is told of a backlog, and what it costs to tell one of one event in a
hundred while cases are opened."""

import statistics
import subprocess
import time

from harness import api, paths
from harness.process import free_port, wait_until

from rows import CLIENTS, IN_FLIGHT, median_ratio, row
from world import wait_quiet

BACKLOG = 40_000
ONE_IN_A_HUNDRED = ["billing.overcharge.rare"]  # as amends-load opens them


class Receiver:
    """amends-receive, which answers 204."""

    def __init__(self):
        self.port = free_port()
        self._process = subprocess.Popen([paths.program("amends-receive"), str(self.port)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def count(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)


def _hooks(world):
    return api.Client(world.services["resolution"].channel, "WebhookService", tenant="demo", principal="root")


def _events(world):
    return world.sql("select count(*) from case_event e join tenant t using (tenant_id) where t.name = 'demo'")[0][0]


def _backlog(m):
    while _events(m.world) < BACKLOG:
        m.open_load(IN_FLIGHT)
    wait_quiet(m.world)


@row("webhook_per_s", unit="/s", goal=2000, direction="higher")
def webhook_per_s(m):
    """Events a second to a receiver on this machine, from EARLIEST."""
    _backlog(m)
    rates = []
    with Receiver() as receiver:
        for _ in range(m.rounds):
            _hooks(m.world).PutWebhook(webhook_id="bench", url=f"http://127.0.0.1:{receiver.port}/", start="EARLIEST")
            before = receiver.count()
            wait_until(lambda: receiver.count() > before + 2000, "the first ones", 30)
            begin, first = time.monotonic(), receiver.count()
            time.sleep(m.seconds)
            rates.append((receiver.count() - first) / (time.monotonic() - begin))
            _hooks(m.world).DeleteWebhook(webhook_id="bench")
            time.sleep(4)
    m.note("webhook_per_s", ", ".join(f"{rate:.0f}/s" for rate in rates))
    return statistics.median(rates)


@row("open_case_vs_pgbench_with_webhook", unit="x", goal=2.7, direction="higher")
def open_case_vs_pgbench_with_webhook(m):
    """As open_case_vs_pgbench, with a webhook whose filter passes one case in a hundred."""
    name, lags = "open_case_vs_pgbench_with_webhook", []
    script = m.open_script
    with Receiver() as receiver:
        _hooks(m.world).PutWebhook(webhook_id="bench", url=f"http://127.0.0.1:{receiver.port}/",
                                   filter={"failure_codes": ONE_IN_A_HUNDRED})

        def ours():
            result = m.open_load(IN_FLIGHT)
            lags.append(m.world.services["resolution"].metrics()["amends_webhook_lag_seconds"])
            return result

        pairs = m.pairs(name, lambda: script.run(CLIENTS, m.seconds), ours)
        told = receiver.count()
        _hooks(m.world).DeleteWebhook(webhook_id="bench")
    m.note(name, f"{told} events told, at most {max(lags):.0f} s behind")
    assert max(lags) <= 5, f"{max(lags)} s behind"
    return median_ratio(pairs, lambda theirs, mine: mine["per_second"] / theirs.per_second)
