# SPDX-License-Identifier: Apache-2.0
"""The program `amends`: `serve` is all three services in one process, `migrate` and `check` its care."""

import subprocess

import pytest

from harness import paths
from harness.api import v1

from .support import sample, steps
from .support.redis import both_ways
from .support.watch import Watch
from .support.world import World


def amends(world, *words):
    return subprocess.run([paths.program("amends"), *words, "--pg",
                           world.cluster.postgres.conninfo(world.cluster.name)],
                          capture_output=True, text=True, check=False, timeout=60)


@both_ways
def test_two_replicas_of_the_one_process_form(make_cluster, redis):
    world = World(make_cluster(one_process=True, replicas=2, redis=redis), "demo")
    ann = world.agent("ann")
    with Watch(ann, 1).ready() as watch:
        case = world.open()
        watch.wait(lambda one: one.messages)
        ann.accept(case)
    steps.recover(ann, case)
    steps.resolve(ann, case)
    assert steps.close(ann, case).status == v1.CASE_STATUS_CLOSED
    silent = world.open()
    world.advance(8 * sample.HOUR_S + 1)
    assert world.get(silent).level == 2
    assert world.verify(case).intact and world.verify(silent).intact


def test_migrate_may_run_again(world):
    done = amends(world, "migrate", "--tenant", world.tenant)
    assert done.returncode == 0, done.stderr


def test_check_finds_a_sound_database_sound(world):
    world.open()
    done = amends(world, "check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("words", [[], ["--listen", "127.0.0.1:0"], ["nonsense"], ["serve", "--no-such-flag"],
                                   ["serve", "--listen", "nowhere"], ["migrate", "--no-such-flag"],
                                   ["migrate", "--tenant", "a b"], ["migrate", "--tenant", "x" * 65]])
def test_a_mistake_in_the_command_line_is_told(words):
    done = subprocess.run([paths.program("amends"), *words], capture_output=True, text=True,
                          check=False, timeout=20)
    assert done.returncode != 0
    assert done.stderr.strip()


@pytest.mark.parametrize("program", ["amends-intake", "amends-assignment", "amends-resolution"])
@pytest.mark.parametrize("url", ["localhost:6379", "redisss://127.0.0.1:6379", "redis://127.0.0.1:99999"])
def test_every_program_refuses_a_redis_that_cannot_be_used(program, url):
    """Not only the one that uses it: they have their options from one place."""
    done = subprocess.run([paths.program(program), "--redis", url], capture_output=True, text=True, check=False,
                          timeout=20)
    assert done.returncode != 0
    assert done.stderr.startswith("--redis: ")


@pytest.mark.parametrize("words, text", [(["--help"], "serve "), (["-h"], "migrate "), (["--version"], ".")])
def test_help_and_version_need_no_command(words, text):
    done = subprocess.run([paths.program("amends"), *words], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0 and text in done.stdout
