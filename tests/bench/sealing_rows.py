# SPDX-License-Identifier: Apache-2.0
"""The rows about encryption at rest: what it costs to seal what is personal, by the key of a customer who is known or new."""

import secrets
import statistics

from harness.cluster import SERVICES

from auth_rows import ROUNDS, Side
from rows import row
from world import start_together, stop_together

# As many as a process knows keys of, less some: none is forgotten within a run.
KNOWN = 4000


class Sealing:
    """Three more services on the same database and Redis, which have master keys."""

    def __init__(self, world):
        file = world.folder / "master-keys"
        if not file.exists():
            file.write_text(f"bench {secrets.token_hex(32)}\n")
            file.chmod(0o644)
        self.services = {kind: world.make_service(kind, 2, None, ("--master-keys", file)) for kind in SERVICES}

    def __enter__(self):
        start_together(self.services)
        return self

    def __exit__(self, *_):
        stop_together(self.services)


def _ratio(m, name, *words):
    """The rate of OpenCase with sealing against that without, in turns. Each side has customers of its own, because
    services without master keys could not join a claim of a sealed customer."""
    ratios, costs = [], []
    with Sealing(m.world) as sealing:
        sides = {"plain": Side(m, m.world.services, (*words, "--family", "plain")),
                 "sealed": Side(m, sealing.services, (*words, "--family", "sealed"))}
        for number in range(max(m.rounds, ROUNDS)):
            order = list(sides) if number % 2 == 0 else list(sides)[::-1]
            results = {side: sides[side].run() for side in order}
            plain, sealed = results["plain"], results["sealed"]
            ratios.append(sealed[0] / plain[0])
            costs.append(plain[1] / sealed[1])
            m.note(name, f"plain {plain[2]}")
            m.note(name, f"  sealed {sealed[2]} ({ratios[-1]:.2f})")
    m.note(name, f"by the CPU of all programs it would be {statistics.median(costs):.2f}")
    return statistics.median(ratios)


@row("sealing_known_ratio", unit="x", goal=0.90, direction="higher")
def sealing_known_ratio(m):
    """Customers whose keys the process knows, each with a new case: at most a tenth may be lost."""
    return _ratio(m, "sealing_known_ratio", "--known", KNOWN)


@row("sealing_new_ratio", unit="x", direction="higher")
def sealing_new_ratio(m):
    """Each call has a customer of its own, whose key is made and stored first."""
    return _ratio(m, "sealing_new_ratio")
