# SPDX-License-Identifier: Apache-2.0
"""What each call costs against GetCase: CPU time of the services, PostgreSQL and Redis together.

    AMENDS_BUILD=build/release PYTHONPATH=tests python3 -m bench.prices [--only reads|writes|policies]

For each call: microseconds, how often a GetCase that is, and the bytes of its answer. common/contract/prices.c has
the prices that were made of it. One client calls, one call after another, so that no segment is shared: the dearest that
a call can be. What the services do by themselves meanwhile is measured before and taken away.
"""

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

from harness import api, paths
from harness.api import v1
from scenario.support import sample

from .world import World, wait_quiet

SECONDS = 1.5
CASES = 600
BUNDLE = paths.ROOT / "common" / "policy" / "bundles" / "default.yaml"


class Costs:
    def __init__(self, world):
        self._world = world
        self._idle = self._measured(lambda: time.sleep(SECONDS)) / SECONDS
        self.unit = None

    def _measured(self, run):
        wait_quiet(self._world)
        before = sum(self._world.cpu_seconds().values())
        run()
        wait_quiet(self._world)
        return sum(self._world.cpu_seconds().values()) - before

    def row(self, name, call):
        """Prints the row of a call, which is repeated for some time."""
        count, size, began = 0, 0, time.monotonic()

        def run():
            nonlocal count, size
            while time.monotonic() < began + SECONDS:
                answer = call()
                size = answer.ByteSize() if answer is not None else 0
                count += 1

        began = time.monotonic()
        used = self._measured(run) - self._idle * (time.monotonic() - began)
        micros = used / count * 1e6
        self.unit = self.unit or micros
        print(f"{name:45} {micros:9.0f} us  {micros / self.unit:7.1f} x  {size:8} bytes  ({count} calls)", flush=True)


def prepare(world):
    """Cases with some history, and their ids."""
    intake, resolution = world.client("intake", "demo"), world.client("resolution", "demo", principal="agent-1")
    assignment = world.client("assignment", "demo")
    for number in range(50):
        assignment.PutAgent(agent=sample.agent(f"agent-{number}"))
    ids = [intake.OpenCase(**sample.claim(customer_id=f"c-{n}")).case.case_id for n in range(CASES)]
    for case_id in ids[:100]:
        for _ in range(5):
            resolution.RecordContact(case_id=case_id, **CONTACT)
    return ids


CONTACT = {"direction": v1.CONTACT_DIRECTION_INBOUND, "channel": v1.CHANNEL_PHONE,
           "outcome": v1.CONTACT_OUTCOME_REACHED, "note": "asked again " * 5}


def reads(world, costs, ids):
    intake, assignment = world.client("intake", "demo"), world.client("assignment", "demo")
    policy = world.client("intake", "demo", "PolicyService")
    case = intake.GetCase(case_id=ids[0]).case
    costs.row("GetCase of a case with 5 contacts", lambda: intake.GetCase(case_id=ids[0]))
    costs.row("BatchGetCases of 10", lambda: intake.BatchGetCases(case_ids=ids[200:210]))
    costs.row("BatchGetCases of 100", lambda: intake.BatchGetCases(case_ids=ids[200:300]))
    costs.row("ListCases", intake.ListCases)
    costs.row("ListCases of 500", lambda: intake.ListCases(page_size=500))
    for name in ("ListSignals", "ListContacts", "ListActs", "GetCaseHistory", "VerifyCaseHistory", "GetContactCard"):
        costs.row(name, lambda name=name: getattr(intake, name)(case_id=ids[0]))
    costs.row("ExplainDeadline", lambda: intake.ExplainDeadline(case_id=ids[0], clock_id=case.clocks[0].clock_id))
    costs.row("GetPolicy", policy.GetPolicy)
    costs.row("ListPolicyVersions", policy.ListPolicyVersions)
    costs.row("GetAgent", lambda: assignment.GetAgent(agent_id="agent-1"))
    costs.row("ListAgents", assignment.ListAgents)
    costs.row("AuditCases", assignment.AuditCases)
    work = world.client("assignment", "demo", "WorkService")
    costs.row("ListWork", lambda: work.ListWork(level=1))
    costs.row("GetWorkSummary", lambda: work.GetWorkSummary(level=1))


def writes(world, costs, ids):
    intake, resolution = world.client("intake", "demo"), world.client("resolution", "demo", principal="agent-1")
    assignment = world.client("assignment", "demo")
    numbers = iter(range(10**9))
    costs.row("PutAgent", lambda: assignment.PutAgent(agent=sample.agent("agent-2")))
    costs.row("SetPresence", lambda: assignment.SetPresence(agent_id="agent-3", presence=v1.PRESENCE_AWAY))
    costs.row("RecordContact", lambda: resolution.RecordContact(case_id=ids[300 + next(numbers) % 300], **CONTACT))
    costs.row("OpenCase", lambda: intake.OpenCase(**sample.claim(customer_id=f"n-{next(numbers)}")))


def policies(world, costs):
    policy, source = world.client("intake", "acme", "PolicyService"), BUNDLE.read_text()
    intake = world.client("intake", "acme")
    numbers = iter(range(10**9))
    for number in range(200):
        intake.OpenCase(**sample.claim(customer_id=f"p-{number}"))
    costs.row("ApplyPolicy, dry run", lambda: policy.ApplyPolicy(source=source, expected_version=1, dry_run=True))

    def apply():
        number = next(numbers)
        return policy.ApplyPolicy(source=f"{source}\n# {number}\n", expected_version=number + 1)

    costs.row("ApplyPolicy", apply)
    version = policy.ListPolicyVersions(page_size=1).versions[0].version
    costs.row("MigrateCases, dry run", lambda: policy.MigrateCases(to_version=version, dry_run=True))
    moves = itertools.cycle((version, version - 1))
    costs.row("MigrateCases of 200", lambda: policy.MigrateCases(to_version=next(moves)))


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--only", choices=("reads", "writes", "policies"))
    only = words.parse_args().only
    with tempfile.TemporaryDirectory(dir=paths.state_folder()) as folder:
        Path(folder).chmod(0o755)
        with World(Path(folder) / "world") as world:
            ids = prepare(world)
            costs = Costs(world)
            intake = world.client("intake", "demo")
            costs.row("GetCase", lambda: intake.GetCase(case_id=ids[500]))
            if only in (None, "reads"):
                reads(world, costs, ids)
            if only in (None, "writes"):
                writes(world, costs, ids)
            if only in (None, "policies"):
                policies(world, costs)


if __name__ == "__main__":
    sys.exit(main())
