# SPDX-License-Identifier: Apache-2.0
"""Where things are: the checkout, build folders, server binaries, the private folder.

As a script it prints the private folder, so that `dev` need not know how its name is made.
"""

import glob
import hashlib
import os
import pwd
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER_USER = "postgres"
# A unix socket's path may have 107 bytes; PostgreSQL adds a folder and a file name to ours.
LONGEST_STATE = 70
# A blank would end the word in a connection string, a comma the folder in PostgreSQL's settings.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")


def build_folder():
    """The build whose programs are run: AMENDS_BUILD, else build/dev."""
    return Path(os.environ.get("AMENDS_BUILD") or ROOT / "build" / "dev")


def program(name, build=None):
    """A program of that build folder, else of the one whose programs are run."""
    path = (build or build_folder()) / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built; run ./dev test or ./dev run")
    return path


def zones(name="zoneinfo"):
    """The folder of the tests' own time zones, which are the same on every machine. There are two more
    (tests/zones): zoneinfo-new lacks the files of old names, zoneinfo-bare the table of them too."""
    path = build_folder() / name
    if not path.is_dir():
        raise FileNotFoundError(f"{path} is not built; run ./dev test")
    return path.resolve()


def server_user():
    """The user PostgreSQL and Redis run as when we are root (PostgreSQL refuses root), else None."""
    return SERVER_USER if os.geteuid() == 0 else None


def _shared_state():
    digest = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
    return Path("/var/tmp") / f"amends-{os.getuid()}-{digest}"


def state_folder():
    """The one private folder of this checkout; made on first use, never somebody else's."""
    state = ROOT / "build" / "state"
    if server_user() or len(str(state)) > LONGEST_STATE or not PLAIN_PATH.fullmatch(str(state)):
        state = _shared_state()
    owner = pwd.getpwnam(SERVER_USER).pw_uid if server_user() else os.getuid()
    if not state.exists():
        state.mkdir(mode=0o755, parents=True)
        os.chown(state, owner, -1)
    info = os.lstat(state)
    if state.is_symlink() or info.st_uid not in (owner, os.getuid()):
        raise PermissionError(f"{state} belongs to another user; remove it or move this checkout")
    return state


def postgres_program(name):
    """A program of the newest PostgreSQL installed."""
    found = glob.glob(f"/usr/lib/postgresql/*/bin/{name}")
    found.sort(key=lambda path: int(path.split("/")[4]))
    path = found[-1] if found else shutil.which(name)
    if not path:
        raise FileNotFoundError(f"no {name}: install postgresql")
    return path


def pgbouncer():
    """The pooler that tests put in front of PostgreSQL; Debian has it outside of users' paths."""
    path = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not path:
        raise FileNotFoundError("no pgbouncer: install pgbouncer")
    return path


def haproxy():
    """The proxy that tests put in front of the services; Debian has it outside of users' paths."""
    path = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if not path:
        raise FileNotFoundError("no haproxy: install haproxy")
    return path


def redis_server():
    """(executable, argv[0]): the server, also where only redis-tools is installed."""
    for command in ("redis-server", "redis-check-rdb"):
        path = shutil.which(command)
        if path:
            # One program under three names; it decides by the name it is called by.
            return path, "redis-server"
    raise FileNotFoundError("no redis-server: install redis-tools")


if __name__ == "__main__":
    sys.stdout.write(f"{state_folder()}\n")
