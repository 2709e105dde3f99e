# SPDX-License-Identifier: Apache-2.0
"""The player of `./dev run`: it tells its stories, may be played again, and fails when services do."""

import os
import subprocess
import sys

from harness import paths
from harness.cluster import SERVICES

PLAYER = paths.ROOT / "tests" / "story" / "play.py"


def play(cluster, **changes):
    environment = {"AMENDS_TENANT": "demo", "AMENDS_CLOCK_FILE": str(cluster.clock.path)}
    for kind in SERVICES:
        service = cluster.replica(kind)
        environment[f"AMENDS_{kind.upper()}"] = service.address
        environment[f"AMENDS_{kind.upper()}_ADMIN"] = service.admin
    return subprocess.run([sys.executable, str(PLAYER)], env={**os.environ, **environment, **changes},
                          capture_output=True, text=True, check=False, timeout=120)


def test_the_stories_may_be_played_again(make_cluster):
    cluster = make_cluster()
    for _ in range(2):
        done = play(cluster)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "intact" in done.stdout
        assert not done.stderr


def test_a_story_that_goes_another_way_fails(make_cluster):
    cluster = make_cluster()
    done = play(cluster, AMENDS_RESOLUTION="127.0.0.1:1")
    assert done.returncode == 1
    assert "UNAVAILABLE" in done.stderr
