# SPDX-License-Identifier: Apache-2.0
"""`amendsctl webhook ...`: from making one to seeing what arrives."""

import json
import signal
import subprocess

import pytest

from harness import paths
from harness.process import free_port, wait_until

from .support import sample
from .support.world import World


@pytest.fixture
def world(make_cluster):
    return World(make_cluster(options=("--webhook-networks", "127.0.0.0/8")), "demo")


@pytest.fixture
def run(world):
    def call(*arguments, code=0):
        addresses = [one for kind in ("intake", "assignment", "resolution")
                     for one in (f"--{kind}", world.cluster.replica(kind).address)]
        done = subprocess.run([paths.program("amendsctl"), *arguments, *addresses, "--json"], capture_output=True,
                              text=True, check=False, timeout=30)
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


class Listener:
    """`amendsctl webhook listen`."""

    def __init__(self, folder, secret):
        self.address = f"127.0.0.1:{free_port()}"
        secrets = folder / "secret"
        secrets.write_text(secret + "\n")
        self.out = folder / "out"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [paths.program("amendsctl"), "webhook", "listen", secrets, "--listen", self.address, "--json"],
                stdout=out, stderr=subprocess.PIPE, text=True)
        assert "listening" in self.process.stderr.readline()

    def lines(self):
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(10) == 0
        with self.process.stderr:
            return self.process.stderr.read()


def test_from_put_to_what_arrives(world, run, tmp_path):
    port = free_port()
    [made] = run("webhook", "put", "crm", f"http://127.0.0.1:{port}/")
    listener = Listener(tmp_path, made["secret"])
    [made] = run("webhook", "put", "crm", f"http://{listener.address}/", "--filter-kinds", "case_opened")
    assert "secret" not in made
    [tested] = run("webhook", "test", "crm")
    assert tested["delivered"] and tested["status"] == 200
    world.crm.OpenCase(**sample.claim())
    wait_until(lambda: len(listener.lines()) >= 2, "what arrives")
    assert [one["type"].removeprefix("amends.v1.") for one in listener.lines()] == ["TEST", "EVENT_KIND_CASE_OPENED"]
    [shown] = run("webhook", "list")
    assert shown["webhooks"][0]["webhookId"] == "crm"
    assert run("webhook", "deliveries", "crm") == [{}]
    assert run("webhook", "redeliver", "crm", "--cursor", "EARLIEST") == [{}]
    wait_until(lambda: len(listener.lines()) >= 3, "what arrives again")
    assert not listener.end()
    assert run("webhook", "delete", "crm") == [{"deleted": True}]


def test_what_is_signed_by_another_is_refused(run, tmp_path):
    listener = Listener(tmp_path, "whsec_" + "A" * 43 + "=")
    run("webhook", "put", "crm", f"http://{listener.address}/")
    [tested] = run("webhook", "test", "crm")
    assert tested["status"] == 401 and "no signature is right" in tested["answer"]
    assert "no signature is right" in listener.end()


def test_a_public_key_is_enough(run, tmp_path):
    port = free_port()
    run("webhook", "put", "crm", f"http://127.0.0.1:{port}/", "--signing", "ed25519")
    [shown] = run("webhook", "list")
    listener = Listener(tmp_path, shown["webhooks"][0]["keys"][0]["publicKey"])
    run("webhook", "put", "crm", f"http://{listener.address}/")
    [tested] = run("webhook", "test", "crm")
    assert tested["delivered"]
    listener.end()
