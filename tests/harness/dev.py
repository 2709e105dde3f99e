# SPDX-License-Identifier: Apache-2.0
"""`./dev run`, `down`, `logs` and `clean`: a cluster that stays up, in the private folder of the checkout."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from . import paths
from .cluster import SERVICES, Clock, migrate
from .credentials import ADMIN, Credentials
from .errors import Error
from .process import (Failed, Process, Recorded, end_all, end_leftovers, free_port, http_status,
                      port_is_free, wait_until)
from .servers import Postgres, Redis

TENANT = "demo"
DATABASE = "amends"
STORY = paths.ROOT / "tests" / "story" / "play.py"


def folder():
    return paths.state_folder() / "run"


def say(text):
    """Prints; a reader who has gone away (head) stops nothing."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


class Busy(Exception):
    """Another command of this checkout has the private folder."""


@contextlib.contextmanager
def alone():
    """One command of this checkout at a time starts or ends something."""
    with open(paths.state_folder() / "lock", "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"another ./dev run, down or clean of {paths.ROOT} is at work; "
                       "wait until it has ended") from None
        yield


def running():
    """The names of what an earlier `run` started and what is still up."""
    return [record.name for record in Recorded.all_in(folder()) if record.pid() is not None]


# --- ports: chosen once, remembered, chosen again when somebody else took one ---


def ports():
    file = folder() / "ports.json"
    names = ["postgres", "redis"]
    names += [f"{kind}{suffix}" for kind in SERVICES for suffix in ("", "-admin")]
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        known = {}
    if set(known) != set(names) or not all(map(port_is_free, known.values())):
        known = {name: free_port() for name in names}
        file.write_text(json.dumps(known, indent=2) + "\n")
    return known


# --- run ---


def run(arguments):
    options = argparse.ArgumentParser(prog="dev run")
    options.add_argument("--keep", action="store_true", help="keep the last run's database and clock")
    options.add_argument("--no-story", action="store_true", help="start only")
    options = options.parse_args(arguments)
    if running():
        say(f"already up: {', '.join(running())}\n"
            "./dev down ends them; then ./dev run starts with a new database, ./dev run --keep with this one")
        return 1
    folder().mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return start(options)
    except KeyboardInterrupt:
        say("\ninterrupted: what was started is ended")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_all(folder())
        return 130


def start(options):
    chosen = ports()
    started = time.monotonic()
    try:
        credentials = Credentials(folder() / "secrets")
        postgres, redis = start_servers(chosen, options.keep, credentials)
        clock = Clock(folder() / "clock", keep=options.keep)
        services = start_services(chosen, postgres, redis, clock, credentials)
        write_credentials(chosen, credentials)
        say(f"   ready after {time.monotonic() - started:.1f} s")
        if not options.no_story:
            play_story(chosen, clock, credentials)
    except (Failed, FileNotFoundError, Error) as failure:
        say(f"\n{failure}")
        end_all(folder())
        return 1
    print_addresses(chosen, services)
    print_usage(chosen, credentials)
    print_time(clock)
    return 0


def start_servers(chosen, keep, credentials):
    say(f"== PostgreSQL on 127.0.0.1:{chosen['postgres']}, Redis on 127.0.0.1:{chosen['redis']}")
    postgres = Postgres(folder() / "pg", port=chosen["postgres"], detached=True).start()
    redis = Redis(folder() / "redis", port=chosen["redis"], detached=True).start()
    exists = postgres.execute("select 1 from pg_database where datname = %s", (DATABASE,))
    if exists and not keep:
        say("== a new database; --keep goes on with that of the run before")
    if not (keep and exists):
        postgres.create_database(DATABASE)
    make_tenant(postgres, keep and exists, credentials)
    return postgres, redis


def make_tenant(postgres, keep, credentials):
    """The schema, and a tenant with its first key."""
    lost = keep and not credentials.first_key.exists()
    credentials.make_files(keep)
    say(f"== amends migrate --tenant {TENANT} --first-key-file {credentials.first_key.name}")
    migrate(postgres, DATABASE, TENANT, first_key=credentials.first_key)
    if lost:
        credentials.make_lost_key(postgres.conninfo(DATABASE), TENANT)


def service_argv(kind, chosen, postgres, redis, clock, credentials):
    argv = [paths.program(f"amends-{kind}"),
            "--listen", f"127.0.0.1:{chosen[kind]}",
            "--admin", f"127.0.0.1:{chosen[kind + '-admin']}",
            "--pg", postgres.conninfo(DATABASE), "--redis", redis.url, "--test-clock", clock.path,
            # Nobody waits for a reader who has left a client connected.
            "--drain-quiet-ms", "0", *credentials.options(kind)]
    if kind != "assignment":
        argv += ["--assignment", f"127.0.0.1:{chosen['assignment']}"]
    return argv


def start_services(chosen, postgres, redis, clock, credentials):
    services = []
    for kind in SERVICES:
        argv = service_argv(kind, chosen, postgres, redis, clock, credentials)
        services.append(Process(folder(), f"amends-{kind}", argv, detached=True).start())
    for kind, service in zip(SERVICES, services):
        say(f"== amends-{kind} on 127.0.0.1:{chosen[kind]}, with TLS")
        url = f"http://127.0.0.1:{chosen[kind + '-admin']}/readyz"
        wait_until(lambda: http_status(url)[0] == 200 or not service.running(), f"{service.name} ready")
        if not service.running():
            raise Failed(f"{service.name} ended with {service.exit_code}\n{service.tail()}")
    return services


def addresses(chosen):
    return {kind: f"127.0.0.1:{chosen[kind]}" for kind in SERVICES}


def write_credentials(chosen, credentials):
    """Keys for all who call, and the contexts that name them."""
    credentials.make_keys(addresses(chosen)["intake"])
    credentials.write_contexts(addresses(chosen), TENANT)
    say("== a local CA, an API key for everybody in the stories, and amendsctl's contexts for them")


def story_environment(chosen, clock, credentials):
    """What the story player needs to find the services and to call them."""
    environment = {f"AMENDS_{kind.upper()}": f"127.0.0.1:{chosen[kind]}" for kind in SERVICES}
    for kind in SERVICES:
        environment[f"AMENDS_{kind.upper()}_ADMIN"] = f"127.0.0.1:{chosen[kind + '-admin']}"
    return {**environment, "AMENDS_TENANT": TENANT, "AMENDS_CLOCK_FILE": str(clock.path),
            "AMENDS_TLS_CA": str(credentials.ca), "AMENDS_KEYS": str(credentials.folder)}


def play_story(chosen, clock, credentials):
    if not STORY.exists():
        return
    say("== recovery stories")
    # A session of its own: ^C is ours to deal with, and the player has nothing to add to it.
    done = subprocess.run([sys.executable, str(STORY)], check=False, stdin=subprocess.DEVNULL, start_new_session=True,
                          env={**os.environ, **story_environment(chosen, clock, credentials)})
    if done.returncode:
        raise Failed(f"the stories failed; ./dev logs shows what the services wrote in {folder()}")


def print_addresses(chosen, services):
    say("\nThe services are up; ./dev down ends them, ./dev logs shows what they write.\n")
    for kind, service in zip(SERVICES, services):
        say(f"   {kind:<11} 127.0.0.1:{chosen[kind]}   metrics and probes "
            f"http://127.0.0.1:{chosen[kind + '-admin']}/metrics   pid {service.pid}")
    say(f"   PostgreSQL  {folder()}/pg, port {chosen['postgres']}, database {DATABASE}")
    say(f"   Redis       127.0.0.1:{chosen['redis']}")
    say(f"   files       {folder()}")


def print_usage(chosen, credentials):
    """The lines that let a shell call them: by amendsctl, and by the samples of proto/README.md."""
    client = os.path.relpath(paths.build_folder() / "bin" / "amendsctl", paths.ROOT)
    say("\nEvery call needs TLS and an API key. A context of amendsctl has both, and the addresses: "
        f"`{ADMIN}` may do everything,\n`--context ann` is Ann. Try:\n")
    say(f"   export AMENDS_CONFIG={credentials.contexts}\n"
        f"   {client} context list\n"
        f"   {client} case list\n")
    say("The samples of proto/README.md need:\n")
    say(f"   export AMENDS_INTAKE=127.0.0.1:{chosen['intake']} AMENDS_ASSIGNMENT=127.0.0.1:{chosen['assignment']} \\\n"
        f"      AMENDS_TLS_CA={credentials.ca} KEYS={credentials.folder}")


def print_time(clock):
    """The stories move the services' clock on; whoever tries something must know which time it is there."""
    clock.read()
    days = round(clock.offset_us / 86_400_000_000)
    if days:
        say(f"\nFor the services it is {days} days later than now: the stories moved their clock.\n"
            "`./dev run --no-story` starts at the real time.")


# --- down, logs and clean ---


def size_text(folder_):
    """"120 MB": what the files below take."""
    total = 0
    for where, _, names in os.walk(folder_, onerror=lambda _: None):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
    return f"{max(1, round(total / 1e6))} MB"


def kept():
    """What this checkout keeps on disk: the private folder and the builds."""
    folders = [paths.state_folder(), paths.ROOT / "build"]
    return [one for one in folders if one.exists() and one.parent != folders[1]]


def end_everything():
    ended = end_all(folder()) + end_leftovers()
    say(f"ended: {', '.join(ended)}" if ended else "nothing was running")


def down(arguments):
    argparse.ArgumentParser(prog="dev down").parse_args(arguments)
    end_everything()
    say("on disk stay " + " and ".join(f"{one} ({size_text(one)})" for one in kept()) +
        "; ./dev clean removes them")
    return 0


def clean(arguments):
    argparse.ArgumentParser(prog="dev clean").parse_args(arguments)
    end_everything()
    for one in kept():
        say(f"removing {one} ({size_text(one)})")
        shutil.rmtree(one)
    say("The packages that ./dev installed stay.")
    return 0


def logs(arguments):
    parser = argparse.ArgumentParser(prog="dev logs")
    parser.add_argument("-f", "--follow", action="store_true")
    parser.add_argument("name", nargs="?", default="")
    options = parser.parse_args(arguments)
    files = [str(file) for file in sorted(folder().rglob("*.log")) if options.name in file.stem]
    if not files:
        say(f"no log{' of ' + options.name if options.name else ''} in {folder()}")
        return 1
    command = ["tail", "-n", "40", *(["-F"] if options.follow else []), *files]
    os.execvp(command[0], command)


COMMANDS = {"run": run, "down": down, "clean": clean, "logs": logs}


def main(command, *arguments):
    if command == "logs":
        return logs(arguments)
    try:
        with alone():
            return COMMANDS[command](arguments)
    except Busy as busy:
        say(f"dev: {busy}")
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
