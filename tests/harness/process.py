# SPDX-License-Identifier: Apache-2.0
"""Child processes, recorded by pid and start time so that `dev down` ends ours and nobody else's."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from . import paths

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
# Below the range from which the kernel takes ports of outgoing connections.
FIRST_PORT, LAST_PORT = 20000, 32000
_handed_out = set()


class Failed(Exception):
    """Something did not start, stop or answer as it should."""


def free_port():
    """A TCP port of the loopback that nobody listens on and this process did not hand out before."""
    for _ in range(1000):
        port = random.randint(FIRST_PORT, LAST_PORT)
        if port not in _handed_out and port_is_free(port):
            _handed_out.add(port)
            return port
    raise Failed("no free port")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until(condition, what, seconds=20.0, pause=0.01):
    """Polls `condition` until it is true; Failed names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:g} s: {what}")
        time.sleep(pause)


def http_status(url, timeout=2.0):
    """(status, body) of a GET; (0, reason) when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def _stat_fields(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold anything; fields are counted behind it.
    return text[text.rindex(")") + 2 :].split()


def start_time(pid):
    """Clock ticks since boot when `pid` started, None when it is gone or a zombie."""
    fields = _stat_fields(pid)
    return None if fields is None or fields[0] == "Z" else int(fields[19])


def descendants(pid):
    """All processes below `pid`, parents first."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat_fields(entry)
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(entry))
    found, queue = [], [pid]
    while queue:
        children = parents.get(queue.pop(0), [])
        found += children
        queue += children
    return found


class Recorded:
    """A process known by a file `<folder>/<name>.pid` with "pid start_time"."""

    def __init__(self, file):
        self.file = Path(file)
        self.name = self.file.stem

    @staticmethod
    def all_in(folder):
        return [Recorded(file) for file in sorted(Path(folder).rglob("*.pid"))]

    def write(self, pid):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(f"{pid} {start_time(pid)}\n")

    def pid(self):
        """The pid if that very process still runs, else None."""
        try:
            pid, started = self.file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if start_time(pid) is not None and str(start_time(pid)) == started else None

    def end(self, seconds=15.0):
        """SIGTERM (for PostgreSQL: fast shutdown), later SIGKILL; forgets the record. True if it ran."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGINT if self.name == "postgres" else signal.SIGTERM)
            try:
                wait_until(lambda: self.pid() is None, f"{self.name} to end", seconds)
            except Failed:
                os.kill(pid, signal.SIGKILL)
        self.file.unlink(missing_ok=True)
        return pid is not None


class Process:
    """One child with its output in `<folder>/<name>.log` and its record beside it."""

    def __init__(self, folder, name, argv, *, executable=None, user=None, env=None, detached=False):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = Path(folder) / f"{name}.log"
        self.record = Recorded(Path(folder) / f"{name}.pid")
        self._executable = executable
        self._user = user
        self._env = env
        self._detached = detached
        self._child = None
        self.expected_death = False

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self._child = subprocess.Popen(
                self.argv,
                executable=self._executable,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(self._env or {})},
                cwd="/",
                start_new_session=True,
                preexec_fn=None if self._detached else _die_with_parent,
                **self._identity(),
            )
        self.expected_death = False
        self.record.write(self._child.pid)
        return self

    def _identity(self):
        if not self._user:
            return {}
        return {"user": self._user, "group": self._user, "extra_groups": []}

    @property
    def pid(self):
        return self._child.pid

    def running(self):
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self):
        return self._child.poll() if self._child else None

    def send(self, number):
        """To the process alone."""
        self._child.send_signal(number)

    def kill(self):
        """SIGKILL, as a crash or the OOM killer would."""
        self.expected_death = True
        self._child.kill()
        self._child.wait(10)
        self.record.file.unlink(missing_ok=True)

    def pause(self):
        """SIGSTOP to the process and all below it: it is there, holds what it holds, and is silent."""
        for pid in [self.pid, *descendants(self.pid)]:
            _signal_if_there(pid, signal.SIGSTOP)

    def resume(self):
        for pid in [*reversed(descendants(self.pid)), self.pid]:
            _signal_if_there(pid, signal.SIGCONT)

    def stop(self, number=signal.SIGTERM, seconds=15.0):
        """Asks it to end and returns its exit code; Failed when it does not."""
        self.expected_death = True
        if self._child is None:
            return None
        if self.running():
            self.resume()
            self._child.send_signal(number)
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            stacks = self.stacks()
            self.kill()
            raise Failed(f"{self.name} did not end within {seconds:g} s\n{self.tail()}{stacks}") from None
        self.record.file.unlink(missing_ok=True)
        return code

    def stacks(self):
        """Where each thread is, when there is a debugger to ask: for what hangs."""
        if not shutil.which("gdb"):
            return ""
        done = subprocess.run(["gdb", "-p", str(self.pid), "-batch", "-ex", "thread apply all bt 20"],
                              capture_output=True, text=True, timeout=60, check=False)
        return "\n" + "\n".join(line for line in done.stdout.splitlines()
                                if line.startswith(("#", "Thread")))

    def tail(self, lines=60):
        try:
            text = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(text[-lines:])


def _signal_if_there(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _die_with_parent():
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_all(where):
    """Ends what is recorded below `where`: first our services, then the servers they need. Names."""
    records = Recorded.all_in(where)
    records.sort(key=lambda record: record.name in ("postgres", "redis"))
    return [record.name for record in records if record.end()]


def end_leftovers():
    """Ends and removes what test runs left that were killed; their folders end in their pids. Names of
    what still ran. A test run that goes on is left alone."""
    ended = []
    for folder in paths.state_folder().glob("*-[0-9]*"):
        if start_time(folder.name.rpartition("-")[2]) is None:
            ended += end_all(folder)
            shutil.rmtree(folder, ignore_errors=True)
    return ended


def own_folder(folder):
    """Makes `folder` and gives it to the user that the servers run as."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if paths.server_user():
        subprocess.run(["chown", paths.server_user(), str(folder)], check=True)
    return folder
