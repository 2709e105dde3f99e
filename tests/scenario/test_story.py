# SPDX-License-Identifier: Apache-2.0
"""The player of `./dev run`: it tells its stories, may be played again, and fails when services do."""

import os
import subprocess
import sys

import pytest

from harness import paths
from harness.cluster import SERVICES, migrate
from harness.credentials import Credentials

PLAYER = paths.ROOT / "tests" / "story" / "play.py"


@pytest.fixture
def credentials(tmp_path):
    return Credentials(tmp_path / "secrets").make_files()


@pytest.fixture
def cluster(make_cluster, credentials):
    """As ./dev run starts it."""
    started = make_cluster(auth="required", tls=credentials.tls)
    migrate(started.postgres, started.name, "demo", first_key=credentials.first_key)
    credentials.make_keys(started.replica("intake").address)
    return started


def play(cluster, credentials, **changes):
    environment = {"AMENDS_TENANT": "demo", "AMENDS_CLOCK_FILE": str(cluster.clock.path),
                   "AMENDS_TLS_CA": str(credentials.ca), "AMENDS_KEYS": str(credentials.folder)}
    for kind in SERVICES:
        service = cluster.replica(kind)
        environment[f"AMENDS_{kind.upper()}"] = service.address
        environment[f"AMENDS_{kind.upper()}_ADMIN"] = service.admin
    return subprocess.run([sys.executable, str(PLAYER)], env={**os.environ, **environment, **changes},
                          capture_output=True, text=True, check=False, timeout=120)


def test_the_stories_may_be_played_again(cluster, credentials):
    for _ in range(2):
        done = play(cluster, credentials)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "intact" in done.stdout
        assert not done.stderr
    actors = {actor for actor, in cluster.sql("select distinct actor from case_event")}
    assert {"crm", "ann", "lena", "warehouse", "steward-executive"} <= actors, actors


def test_a_story_that_goes_another_way_fails(cluster, credentials):
    done = play(cluster, credentials, AMENDS_RESOLUTION="127.0.0.1:1")
    assert done.returncode == 1
    assert "UNAVAILABLE" in done.stderr


def test_a_story_without_keys_says_which_is_missing(cluster, credentials):
    credentials.key_of("payments").unlink()
    done = play(cluster, credentials)
    assert done.returncode == 1 and "payments.key is not there" in done.stderr, done.stderr
