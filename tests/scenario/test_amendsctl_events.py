# SPDX-License-Identifier: Apache-2.0
"""amendsctl events: as lines and as JSON lines, filtered, and again behind the last event after every end."""

import json
import subprocess
import threading

from harness import paths
from harness.process import wait_until

from .support.ctl import ask, ctl  # noqa: F401  pylint: disable=unused-import
from .support.events import stored
from .support.world import new_tenant


def place(done):
    """The token that the last line on standard error names."""
    return done.stderr.splitlines()[-1].removeprefix("amendsctl: go on with --from ")


def ids(text):
    return [json.loads(line)["eventId"] for line in text.splitlines()]


def test_pages_as_lines_and_as_json_lines(world, ctl):
    first, second = world.open(), world.open("delivery.late")
    expected = stored(world)
    done = ctl("--json", "events", "read", "--from", "earliest", "--page-size", "1")
    assert done.returncode == 0 and ids(done.stdout) == expected[:1]
    done = ctl("--json", "events", "read", "--all", "--from", place(done), "--page-size", "1")
    assert ids(done.stdout) == expected[1:]
    done = ctl("events", "read", "--failure-codes", "delivery")
    heading, row = done.stdout.splitlines()
    assert heading.split()[1] == "case_id" and second.case_id in row and first.case_id not in row
    done = ctl("events", "read", "--from", "LATEST")
    assert done.stdout == "" and len(place(done)) == 88
    done = ctl("events", "read", "--from", "yesterday")
    assert done.returncode == 1 and "--from: is neither EARLIEST nor LATEST" in done.stderr


def test_watching_for_a_while(world, ctl):
    case = world.open()
    done = ctl("--timeout-ms", "1500", "events", "watch", "--from", "earliest")
    assert done.returncode == 0
    assert [line.split()[1] for line in done.stdout.splitlines()] == [case.case_id] * len(stored(world))
    done = ctl("--json", "--timeout-ms", "1500", "events", "watch", "--from", place(done))
    assert (done.returncode, done.stdout) == (0, "")
    done = ctl("--json", "--timeout-ms", "1500", "events", "watch", "--from", "earliest", "--kinds", "case-opened")
    assert ids(done.stdout) == stored(world, "kind = 1")


class Watcher:
    """`amendsctl --json events watch`, read in the background."""

    def __init__(self, cluster, *words):
        argv = [paths.program("amendsctl"), f"--intake={cluster.replica('intake').address}", "--tenant", "again",
                "--as", "crm", "--json", "events", "watch", *words]
        self.lines = []
        self._child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._child.stdout:
            self.lines.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._thread.join(10)
        self._child.communicate()


def test_it_comes_back_by_itself_and_prints_each_event_once(make_cluster):
    cluster = make_cluster(options=("--max-stream-life-ms", 1000))
    world = new_tenant(cluster, "again")
    with Watcher(cluster, "--from", "earliest") as watcher:
        for turn in range(4):
            world.open()
            if turn == 2:
                cluster.restart(cluster.replica("intake"))
            wait_until(lambda: len(watcher.lines) >= len(stored(world)), "its events", 30)
        assert ids("".join(watcher.lines)) == stored(world)
