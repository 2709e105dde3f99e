# SPDX-License-Identifier: Apache-2.0
"""The programs of the last release (.ci/last-release), built from the history once and kept under build/."""

import os
import shutil
import subprocess

from . import paths
from .process import Failed

PROGRAMS = ("amends", "amends-intake", "amends-assignment", "amends-resolution")
OPTIONS = ("-DCMAKE_BUILD_TYPE=Release", "-DAMENDS_TEST_CLOCK=ON")


class NoHistory(Exception):
    """This tree is no clone, or a shallow one, so there is nothing to build the last release from."""


def commit():
    return (paths.ROOT / ".ci" / "last-release").read_text().split()[0]


def _git(*words):
    return subprocess.run(["git", "-C", str(paths.ROOT), *words], capture_output=True, text=True, check=False)


def _need_history():
    """NoHistory where no clone can have it; Failed where a clone could and has not."""
    if not shutil.which("git") or _git("rev-parse", "--git-dir").returncode:
        raise NoHistory("no git history: this tree was exported, and the last release cannot be built from it")
    if not _git("cat-file", "-e", f"{commit()}^{{commit}}").returncode:
        return
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        raise NoHistory(f"a shallow clone without {commit()}, the last release: git fetch --unshallow")
    raise Failed(f"this clone lacks {commit()}, the last release: git fetch --tags")


def _run(log, *command):
    with open(log, "ab") as file:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=file,
                              stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise Failed(f"the last release was not built\n{tail}")


def _extract(folder):
    """Its sources, whole or not at all."""
    source, part = folder / "src", folder / "part"
    if source.exists():
        return source
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    archive = subprocess.Popen(["git", "-C", str(paths.ROOT), "archive", commit()], stdout=subprocess.PIPE)
    unpacked = subprocess.run(["tar", "-x", "-C", str(part)], stdin=archive.stdout, check=False).returncode
    archive.stdout.close()
    if archive.wait() or unpacked:
        raise Failed("the sources of the last release could not be unpacked")
    part.rename(source)
    return source


def build():
    """The build folder of the last release, with its programs in bin/. The first call takes minutes."""
    _need_history()
    folder = paths.ROOT / "build" / "last-release" / commit()[:12]
    out, log = folder / "build", folder / "build.log"
    if not all((out / "bin" / name).exists() for name in PROGRAMS):
        source = _extract(folder)
        log.unlink(missing_ok=True)
        _run(log, "cmake", "-S", source, "-B", out, "-G", "Ninja", *OPTIONS)
        _run(log, "ninja", "-C", out, "-j", os.cpu_count(), *PROGRAMS)
    return out
