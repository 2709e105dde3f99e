# SPDX-License-Identifier: Apache-2.0
"""`./dev check [NAME...]`: everything about the sources that needs no running program.

Slow results are kept under the private folder by the content of all that went into them, so a second
run costs only what changed.
"""

import concurrent.futures
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness import paths

sys.path.insert(0, str(Path(__file__).parent))
import arrows  # noqa: E402  (these lie beside this file)
import commits  # noqa: E402
import hardening  # noqa: E402
import migrations  # noqa: E402
import rules  # noqa: E402

ROOT = paths.ROOT
CACHE = paths.state_folder() / "cache"
CLANG_BUILD = ROOT / "build" / "clang"
# The commit since which subjects of commits are checked: the last release, when there was one; until then this one.
LAST_RELEASE = ROOT / ".ci" / "last-release"
SUBJECTS_SINCE = "0598ca3"


class Broken(Exception):
    """A check found something; the text says what."""


def run(*command, **options):
    """Runs a command quietly; Broken with its output when it fails."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          errors="replace", **options)
    if done.returncode:
        raise Broken(done.stdout.strip() or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def sources(*endings):
    """Our files, committed or not yet, relative to the checkout."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    return [name for name in listed if name.endswith(endings) and (ROOT / name).is_file()]


# --- checks ---


def check_rules():
    found = rules.findings(ROOT, sources("")) + migrations.findings(ROOT, last_release())
    if found:
        raise Broken("\n".join(found))


def commit_exists(name):
    done = subprocess.run(["git", "cat-file", "-e", f"{name}^{{commit}}"], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def last_release():
    """The commit of the last release; None in a clone that is too shallow to have it."""
    written = LAST_RELEASE.read_text().split() if LAST_RELEASE.exists() else []
    return next((name for name in written[:1] if commit_exists(name)), None)


def commits_to_check():
    """What `git log` is asked for: the commits after the last release; HEAD alone in a clone that is too shallow."""
    start = last_release() or (SUBJECTS_SINCE if commit_exists(SUBJECTS_SINCE) else None)
    return [f"{start}..HEAD"] if start else ["-1", "HEAD"]


def check_commits():
    """The subject of every commit says in the imperative what it does, and where."""
    log = run("git", "log", "--no-merges", "--format=%h %s", *commits_to_check())
    subjects = [line.split(" ", 1) for line in log.splitlines()]
    found = [f"{commit} '{subject}' {commits.finding(subject)}" for commit, subject in subjects
             if commits.finding(subject)]
    if found:
        raise Broken("\n".join(found))


def check_format():
    files = sources(".c", ".h")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=ROOT, text=True,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    lines = {}
    for file, line in re.findall(r"^(\S+?):(\d+):\d+: error", done.stderr, re.MULTILINE):
        lines.setdefault(file, line)
    if lines:
        raise Broken("\n".join(f"{file}:{line}: here and below; ./dev fix does it"
                               for file, line in lines.items()))


def check_shell():
    scripts = [name for name in sources("dev", ".ci/run", ".sh")
               if (ROOT / name).read_bytes().startswith(b"#!")]
    run("shellcheck", *scripts)


def compile_all(kind):
    try:
        run("./dev", "build", kind)
    except Broken as broken:
        steps = re.compile(r"\[\d+/\d+\] |-- |ninja: |\x1b")
        lines = [line for line in str(broken).splitlines() if not steps.match(line)]
        raise Broken("\n".join(lines)) from None


def check_gcc():
    compile_all("dev")


def object_of(entry):
    """The object that a line of compile_commands.json makes, relative to its build folder."""
    return re.search(r" -o (\S+)", entry["command"])[1]


def objects_of(folder):
    """{source: object} of the sources below a folder, as build/dev compiles them."""
    build = ROOT / "build/dev"
    entries = json.loads((build / "compile_commands.json").read_text())
    named = {os.path.relpath(entry["file"], ROOT): build / object_of(entry) for entry in entries}
    found = {source: path for source, path in named.items() if source.startswith(folder)}
    if not found:
        raise Broken(f"{folder} has no objects in build/dev")
    return found


def symbols(path):
    """(functions an object defines for others, names it uses of others)."""
    defined, used = set(), set()
    for line in run("nm", "--format=posix", path).splitlines():
        name, kind = line.split()[:2]
        (defined if kind == "T" else used if kind == "U" else set()).add(name)
    return defined, used


def check_rings():
    """The aggregate is linear: no file of common/case calls one that calls it, in however many steps."""
    check_gcc()
    found = arrows.ring(arrows.calls(objects_of("common/case/"), symbols))
    if found:
        raise Broken(" -> ".join([*found, found[0]]))


def check_clang():
    compile_all("clang")


# Macros that use __VA_OPT__, which cppcheck 2.10 does not know: left alone, they look like calls.
UNKNOWN_TO_CPPCHECK = ("-Ulog_at", "-Ulog_debug", "-Ulog_info", "-Ulog_warn", "-Ulog_error")


def check_hardening():
    compile_all("release")
    found = hardening.findings(ROOT)
    if found:
        raise Broken("\n".join(found))


def check_cppcheck():
    folders = [name for name in ("common", "services") if (ROOT / name).is_dir()]
    build = CACHE / "cppcheck"
    build.mkdir(parents=True, exist_ok=True)
    run("cppcheck", "--quiet", "--std=c11", "-D_GNU_SOURCE", "-DAMENDS_TEST_CLOCK=1",
        *UNKNOWN_TO_CPPCHECK, "-Icommon", "-Iservices", "--enable=warning,performance,portability", "--inline-suppr",
        "--error-exitcode=1", "--template={file}:{line}: {severity}: {message} [{id}]", f"--cppcheck-build-dir={build}",
        "-j", os.cpu_count(), "--suppress=missingIncludeSystem",
        "--suppress=arrayIndexOutOfBoundsCond", *folders)


def check_buf():
    image = CACHE / "lint.binpb"
    files = [name.removeprefix("proto/") for name in sources(".proto") if name.startswith("proto/amends/")]
    run("protoc", "-Iproto", "--include_imports", "--include_source_info", f"--descriptor_set_out={image}", *files)
    run(buf(), "lint", image, "--path", "amends")
    run(buf(), "build", "proto", "-o", CACHE / "alone.binpb")  # the folder needs nothing but itself


def buf():
    """The buf program, from npm, pinned by .ci/npm; installed in the private folder."""
    lock = (ROOT / ".ci/npm/package-lock.json").read_bytes()
    folder = CACHE / "npm" / hashlib.sha256(lock).hexdigest()[:16]
    machine = {"x86_64": "x64", "aarch64": "aarch64"}[platform.machine()]
    program = folder / f"node_modules/@bufbuild/buf-linux-{machine}/bin/buf"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / ".ci/npm" / name, folder)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder)
    if not program.exists():  # npm is silent about optional packages that it cannot fetch
        raise Broken("npm did not install buf: is its registry reachable?")
    return program


def check_chart():
    script = ROOT / "helm" / "check.sh"
    if script.exists():
        run(script, CACHE / "chart")


# --- clang-tidy, remembered by content ---


def tidy_dependencies():
    """Files each object was compiled from, by ninja's own records: {object: [absolute path]}."""
    found, current = {}, None
    for line in run("ninja", "-C", CLANG_BUILD, "-t", "deps").splitlines():
        if line.startswith("    ") and current is not None:
            current.append(os.path.normpath(CLANG_BUILD / line.strip()))
        elif ": #deps" in line:
            current = found.setdefault(line.split(": #deps")[0], [])
    return found


def tidy_units():
    """(file, key): our sources in the build, and the digest of all that clang-tidy's answer depends on."""
    version = run("clang-tidy", "--version")
    settings = (ROOT / ".clang-tidy").read_text()
    dependencies = tidy_dependencies()
    digests = {}

    def digest(path):
        if path not in digests:
            digests[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return digests[path]

    for entry in json.loads((CLANG_BUILD / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        if CLANG_BUILD in file.parents:  # generated
            continue
        key = hashlib.sha256(f"{version}{settings}{entry['command']}".encode())
        for path in sorted(dependencies.get(object_of(entry), [str(file)])):
            if os.path.exists(path):
                key.update(f"{path} {digest(path)}\n".encode())
        yield file, key.hexdigest()


def tidy_one(file):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", str(CLANG_BUILD), str(file)], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    answer = done.stdout.strip() or done.stderr.strip() or "clang-tidy failed"
    return "" if done.returncode == 0 else answer.replace(f"{ROOT}/", "")


def check_tidy():
    check_clang()  # what it reads: which commands compile which files, from what
    folder = CACHE / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    pending = [(file, folder / key) for file, key in tidy_units() if not (folder / key).exists()]
    problems = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda unit: tidy_one(unit[0]), pending)
        for number, ((file, mark), answer) in enumerate(zip(pending, answers), 1):
            progress(f"tidy {number}/{len(pending)} {file.relative_to(ROOT)}")
            if answer:
                problems.append(answer)
            else:
                mark.touch()
    if problems:
        raise Broken("\n".join(problems))


# --- running them ---


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}\r")
        sys.stderr.flush()


# Cheap ones first.
CHECKS = {
    "commits": check_commits,
    "rules": check_rules,
    "shell": check_shell,
    "format": check_format,
    "gcc": check_gcc,
    "rings": check_rings,
    "buf": check_buf,
    "clang": check_clang,
    "hardening": check_hardening,
    "cppcheck": check_cppcheck,
    "tidy": check_tidy,
    "chart": check_chart,
}


def main(names):
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"no check called {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    CACHE.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    for name in names or CHECKS:
        progress(f"{name} ...")
        started = time.monotonic()
        try:
            CHECKS[name]()
        except Broken as broken:
            failed += 1
            print(f"{name:<10} FAILED {time.monotonic() - started:6.1f} s\n{broken}\n", flush=True)
        else:
            passed += 1
            print(f"{name:<10} ok     {time.monotonic() - started:6.1f} s", flush=True)
    print(f"check: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
