#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays recovery stories against the running services and tells what happens. `./dev run` calls it; see
running.py for the environment it needs. Exits with 1 when anything goes another way than told.

Every run makes new customers and the same agents, so it may be played again on the same database."""

import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from harness.api import v1  # noqa: E402  (the path comes first)
from harness.errors import Error  # noqa: E402
from harness.process import Failed  # noqa: E402
from narration import Unexpected, owner_of, title, word  # noqa: E402
from running import Running  # noqa: E402
from scenario.support import sample  # noqa: E402
from scenario.support.world import World  # noqa: E402
import stories  # noqa: E402

FRONT_LINE = ("billing", "delivery", "product", "access", "information")
AGENTS = (
    {"name": "ann", "display_name": "Ann Lee", "skills": FRONT_LINE},
    {"name": "bob", "display_name": "Bob Ito", "skills": FRONT_LINE},
    {"name": "lena", "display_name": "Lena Hart", "level": 2, "skills": sample.SKILLS},
    {"name": "vera", "display_name": "Vera Rees", "level": 4, "skills": sample.SKILLS,
     "languages": ("en", "cy"), "present": False},
)


def put_agents(world):
    """The agents by id, all at work but vera, of the executive desk."""
    people = {}
    print("\nWho works here")
    for one in AGENTS:
        of = dict(one)
        name = of.pop("name")
        people[name] = world.agent(name, capacity=50, public_contact=f"{name}@example.org", **of)
        print(f"   {name:<5} level {of.get('level', 1)}, {', '.join(of['skills'])}")
    return people


def sum_up(world, cases):
    """The cases as they are now; whether all are as they should be."""
    print("\nWhat came of it\n")
    print(f"   {'case':<36}  {'status':<8} {'level':<6} {'owner':<14} {'events':<7} history")
    good = True
    for case in map(world.get, cases):
        proof = world.verify(case)
        good = good and proof.intact and case.status == v1.CASE_STATUS_CLOSED
        print(f"   {case.case_id:<36}  {word(v1.CaseStatus, case.status):<8} {case.level:<6} "
              f"{owner_of(case):<14} {proof.events:<7} {'intact' if proof.intact else proof.problem}")
    return good


def play():
    running = Running(os.environ)
    world = World(running, running.tenant)
    people = put_agents(world)
    cases = []
    started = time.monotonic()
    for number, (name, story) in enumerate(stories.ALL, 1):
        title(number, name, " ".join(story.__doc__.split()))
        cases.append(story(world, people))
    good = sum_up(world, cases)
    print(f"\n   {len(cases)} recoveries, told in {time.monotonic() - started:.1f} s; every time above is "
          "the services' clock (UTC), which the stories moved on\n", flush=True)
    return 0 if good else 1


def main():
    try:
        return play()
    except Unexpected as what:
        print(f"\nNot as told: {what}", file=sys.stderr)
    except (Error, Failed) as what:
        print(f"\nThe services answered otherwise: {what}", file=sys.stderr)
    except FileNotFoundError as missing:
        print(f"play.py: {missing.filename} is not there; ./dev run makes it", file=sys.stderr)
    except KeyError as name:
        print(f"play.py: {name} is not in the environment; ./dev run sets it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
