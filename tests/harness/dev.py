# SPDX-License-Identifier: Apache-2.0
"""`./dev run`, `down` and `logs`: a cluster that stays up, in the private folder of the checkout."""

import argparse
import json
import os
import subprocess
import sys
import time

from . import paths
from .cluster import SERVICES, Clock, migrate
from .process import (Failed, Process, end_all, end_leftovers, free_port, http_status, port_is_free,
                      wait_until)
from .servers import Postgres, Redis

TENANT = "demo"
DATABASE = "amends"
STORY = paths.ROOT / "tests" / "story" / "play.py"


def folder():
    return paths.state_folder() / "run"


def say(text):
    print(text, flush=True)


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
    end_all(folder())
    folder().mkdir(exist_ok=True)
    chosen = ports()
    started = time.monotonic()
    try:
        postgres, redis = start_servers(chosen, options.keep)
        clock = Clock(folder() / "clock", keep=options.keep)
        services = start_services(chosen, postgres, redis, clock)
        say(f"   ready after {time.monotonic() - started:.1f} s")
        if not options.no_story:
            play_story(chosen, clock)
    except (Failed, FileNotFoundError) as failure:
        say(f"\n{failure}")
        end_all(folder())
        return 1
    print_addresses(chosen, services)
    return 0


def start_servers(chosen, keep):
    say(f"== PostgreSQL on 127.0.0.1:{chosen['postgres']}, Redis on 127.0.0.1:{chosen['redis']}")
    postgres = Postgres(folder() / "pg", port=chosen["postgres"], detached=True).start()
    redis = Redis(folder() / "redis", port=chosen["redis"], detached=True).start()
    exists = postgres.execute("select 1 from pg_database where datname = %s", (DATABASE,))
    if not (keep and exists):
        postgres.create_database(DATABASE)
    say(f"== amends migrate --tenant {TENANT}")
    migrate(postgres, DATABASE, TENANT)
    return postgres, redis


def service_argv(kind, chosen, postgres, redis, clock):
    argv = [paths.program(f"amends-{kind}"),
            "--listen", f"127.0.0.1:{chosen[kind]}",
            "--admin", f"127.0.0.1:{chosen[kind + '-admin']}",
            "--pg", postgres.conninfo(DATABASE), "--redis", redis.url, "--test-clock", clock.path,
            # Nobody waits for a reader who has left a client connected.
            "--drain-quiet-ms", "0"]
    if kind != "assignment":
        argv += ["--assignment", f"127.0.0.1:{chosen['assignment']}"]
    return argv


def start_services(chosen, postgres, redis, clock):
    services = []
    for kind in SERVICES:
        argv = service_argv(kind, chosen, postgres, redis, clock)
        services.append(Process(folder(), f"amends-{kind}", argv, detached=True).start())
    for kind, service in zip(SERVICES, services):
        say(f"== amends-{kind} on 127.0.0.1:{chosen[kind]}")
        url = f"http://127.0.0.1:{chosen[kind + '-admin']}/readyz"
        wait_until(lambda: http_status(url)[0] == 200 or not service.running(), f"{service.name} ready")
        if not service.running():
            raise Failed(f"{service.name} ended with {service.exit_code}\n{service.tail()}")
    return services


def story_environment(chosen, clock):
    """What the story player, and a reader's shell, need to find the services."""
    environment = {f"AMENDS_{kind.upper()}": f"127.0.0.1:{chosen[kind]}" for kind in SERVICES}
    for kind in SERVICES:
        environment[f"AMENDS_{kind.upper()}_ADMIN"] = f"127.0.0.1:{chosen[kind + '-admin']}"
    return {**environment, "AMENDS_TENANT": TENANT, "AMENDS_CLOCK_FILE": str(clock.path)}


def play_story(chosen, clock):
    if not STORY.exists():
        return
    say("== recovery stories")
    done = subprocess.run([sys.executable, str(STORY)], check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, **story_environment(chosen, clock)})
    if done.returncode:
        raise Failed(f"the stories failed; ./dev logs shows what the services wrote in {folder()}")


def print_addresses(chosen, services):
    say("\nThe services are up; ./dev down ends them, ./dev logs shows what they write.\n")
    for kind, service in zip(SERVICES, services):
        say(f"   {kind:<11} 127.0.0.1:{chosen[kind]}   metrics and probes "
            f"http://127.0.0.1:{chosen[kind + '-admin']}/metrics   pid {service.pid}")
    say(f"   PostgreSQL  {folder()}/pg, port {chosen['postgres']}, database {DATABASE}")
    say(f"   Redis       127.0.0.1:{chosen['redis']}")
    say(f"   files       {folder()}\n")
    say("Try:\n")
    client = os.path.relpath(paths.build_folder() / "bin" / "amendsctl", paths.ROOT)
    say(f"   export AMENDS_TENANT={TENANT} AMENDS_AS=crm \\\n"
        f"      AMENDS_INTAKE=127.0.0.1:{chosen['intake']} \\\n"
        f"      AMENDS_ASSIGNMENT=127.0.0.1:{chosen['assignment']} \\\n"
        f"      AMENDS_RESOLUTION=127.0.0.1:{chosen['resolution']}\n"
        f"   {client} case list")


# --- down and logs ---


def down(arguments):
    argparse.ArgumentParser(prog="dev down").parse_args(arguments)
    ended = end_all(folder()) + end_leftovers()
    say(f"ended: {', '.join(ended)}" if ended else "nothing was running")
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


COMMANDS = {"run": run, "down": down, "logs": logs}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](sys.argv[2:]))
