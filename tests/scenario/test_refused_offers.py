# SPDX-License-Identifier: Apache-2.0
"""An offer that is refused because of the agent leaves the case where it waits, also in Redis."""

import socket

from harness.api import v1
from harness.process import wait_until

from .support import sample
from .support.policy import apply, current

POLICY_NEWS_S = 30  # what another replica committed is read every ten seconds


class Monitor:
    """All commands that a Redis runs, those of scripts too, as lines of text."""

    def __init__(self, redis):
        self._socket = socket.create_connection(("127.0.0.1", redis.port), timeout=10)
        self._socket.sendall(b"MONITOR\r\n")
        self._text = self._socket.recv(1 << 16)  # "+OK"
        self._socket.settimeout(0.2)

    def lines(self):
        """Everything so far."""
        try:
            while more := self._socket.recv(1 << 16):
                self._text += more
        except TimeoutError:
            pass
        return self._text.decode(errors="replace").splitlines()

    def close(self):
        self._socket.close()


def refused(world):
    return sum(one.metrics()["amends_assignment_offers_refused_total"]
               for one in world.cluster.replicas_of("assignment"))


def queued(redis, case):
    """Whether the case waits in some queue in Redis."""
    return any(member.startswith(case.case_id) for key in redis.cli("keys", "amends:q:*")
               for member in redis.cli("zrange", key, 0, -1))


def more_authority(source):
    """Level 1 may give as much as level 2: its agents fit what was above them."""
    assert "authority: {all: 100," in source
    return source.replace("authority: {all: 100,", "authority: {all: 500,", 1)


def test_an_unfit_agent_does_not_take_the_case_out_of_its_queue(world):
    """Matching picks by the current policy, and the decision refuses by the case's own version."""
    case = world.open(stake=sample.usd(300))
    apply(world, more_authority(current(world).source))
    before = refused(world)
    monitor = Monitor(world.cluster.redis)
    try:
        world.agent("ann")
        # Sweeps read PostgreSQL; what Redis says is asked for an agent who has come.
        wait_until(lambda: refused(world) > before, "the new policy everywhere", POLICY_NEWS_S)
        for _ in range(10):
            for presence in (v1.PRESENCE_AWAY, v1.PRESENCE_AVAILABLE):
                world.crm.SetPresence(agent_id="ann", presence=presence)
            world.settle()
        lines = monitor.lines()
    finally:
        monitor.close()
    taken_out = [line for line in lines if '"ZREM"' in line and case.case_id in line]
    assert not taken_out, "\n".join(taken_out)
    assert queued(world.cluster.redis, case)
    assert world.pending(case) is None
