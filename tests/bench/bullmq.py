# SPDX-License-Identifier: Apache-2.0
"""BullMQ on the run's Redis, as bullmq.js drives it."""

import json
import subprocess

from harness import paths
from harness.process import Failed

# The newest when the row was made; `dev bench` installs it here, outside of the tree.
FOLDER = paths.state_folder() / "bullmq"
JOBS = 30_000
LEADS_MS = (10_000, 30_000, 90_000)
NOT_READY = 3
# (processes, jobs at once in each): the best counts.
SETTINGS = ((1, 50), (1, 500), (2, 200))


def best(world, note, share):
    """Jobs a second with an empty effect, of the setting that is fastest."""
    if not (FOLDER / "node_modules" / "bullmq").exists():
        raise Failed("BullMQ is not installed: `./dev bench` does it where there is npm")
    jobs = max(2000, round(JOBS * share))
    rates = {}
    for setting in SETTINGS:
        rates[setting] = jobs / _run(world, jobs, *setting)
    note("BullMQ " + ", ".join(f"{processes} x {concurrency}: {rate:.0f}/s"
                               for (processes, concurrency), rate in rates.items()))
    world.redis.cli("flushall")
    return max(rates.values())


def _run(world, jobs, *setting):
    """Seconds from the instant at which all are due to the last; more time to get ready when it was too
    short."""
    for lead_ms in LEADS_MS:
        world.redis.cli("flushall")
        argv = ["node", str(paths.ROOT / "tests" / "bench" / "bullmq.js"), str(FOLDER),
                *map(str, (world.redis.port, jobs, *setting, lead_ms))]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode == 0:
            return _seconds(done.stdout, jobs)
        if done.returncode != NOT_READY:
            raise Failed(f"bullmq.js: {done.stderr[-800:]}")
    raise Failed(f"BullMQ was not ready within {LEADS_MS[-1]} ms")


def _seconds(printed, jobs):
    result = json.loads(printed)
    if result["done"] != jobs:
        raise Failed(f"BullMQ did {result['done']} of {jobs} jobs")
    return result["seconds"]
