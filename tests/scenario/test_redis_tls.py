# SPDX-License-Identifier: Apache-2.0
"""Redis by TLS, where the programs were built with a hiredis that has it; elsewhere the refusal."""

import subprocess

import pytest

from harness import paths
from harness.certificates import LOCAL, Authority, Swapped, Tls
from harness.process import wait_until
from harness.servers import Redis


def refusal(*options):
    done = subprocess.run([paths.program("amends-assignment"), "--admin", "", "--listen", "nowhere", *options],
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0
    return done.stderr


def knows_tls():
    return "hiredis 1.0" not in refusal("--redis", "rediss://127.0.0.1:1")


def test_without_tls_the_reason_is_told():
    if knows_tls():
        assert not refusal("--redis", "rediss://127.0.0.1:1").startswith("--redis:")
    else:
        assert refusal("--redis", "rediss://127.0.0.1:1").startswith("--redis: rediss needs hiredis 1.0 or later")


def test_files_of_tls_are_for_rediss(state_folder):
    authority = Authority(state_folder / "ca")
    assert "does not begin with rediss://" in refusal("--redis", "redis://127.0.0.1:1", "--redis-tls-ca",
                                                     authority.cert)


@pytest.fixture
def start(make_cluster, state_folder):
    """A cluster whose assignment uses a Redis with TLS: start(tls, options) -> (assignment, redis)."""
    if not knows_tls():
        pytest.skip("the programs were built with hiredis below 1.0, which has no TLS")
    made = []

    def run(tls, *options):
        made.append(Redis(state_folder / "redis", tls=tls).start())
        cluster = make_cluster(redis=False)
        assignment = cluster.replica("assignment")
        assignment.argv += ["--redis", made[0].url, *options]
        cluster.restart(assignment)
        return assignment, made[0]

    yield run
    for redis in made:
        redis.stop()


def up(assignment):
    return assignment.metrics()["amends_redis_up_state"] == 1


def test_redis_by_tls(start, state_folder):
    authority = Authority(state_folder / "ca")
    assignment, redis = start(Tls(authority), "--redis-tls-ca", authority.cert)
    wait_until(lambda: up(assignment), "Redis to be up")
    assert redis.cli("dbsize") != ["0"]


def test_redis_wants_a_certificate(start, state_folder):
    """And gets the renewed one when it is connected again."""
    authority = Authority(state_folder / "ca")
    files = Swapped(state_folder / "tls", authority, "assignment", "DNS:assignment.example").issue(6)
    assignment, redis = start(Tls(authority, client=authority.issue("cli", "DNS:cli.example")),
                              "--redis-tls-ca", authority.cert, "--redis-tls-cert", files.cert,
                              "--redis-tls-key", files.key)
    wait_until(lambda: up(assignment), "Redis to be up")
    files.issue(3600)
    wait_until(lambda: assignment.metrics()['amends_tls_reloads_total{use="redis"}'] == 1, "the new files")
    redis.stop()
    wait_until(lambda: not up(assignment), "Redis to be away")
    wait_until(lambda: "has expired" in subprocess.run(
        ["openssl", "verify", "-CAfile", authority.cert, state_folder / "tls" / "..1" / "tls.crt"],
        capture_output=True, text=True, check=False).stderr, "the first certificate to expire", 30, 0.5)
    redis.start()
    wait_until(lambda: up(assignment), "Redis to be up again")


@pytest.mark.parametrize("names", [LOCAL, ("DNS:redis.example",)], ids=["another-authority", "another-name"])
def test_a_redis_that_is_not_the_right_one(start, state_folder, names):
    authority = Authority(state_folder / "ca")
    trusted = Authority(state_folder / "other", "other") if names is LOCAL else authority
    assignment, _ = start(Tls(authority, authority.issue("redis", *names)), "--redis-tls-ca", trusted.cert)
    wait_until(lambda: "certificate verify failed" in assignment.log.read_text(), "the reason in the log")
    assert not up(assignment)
