# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL and a private Redis: own folder, own port, no global service touched."""

import os
import shutil
import signal
import subprocess
import time

from . import paths
from .process import Failed, Process, free_port, own_folder, port_is_free, wait_until

# What differs from PostgreSQL's own defaults, and why. Nothing is tuned for speed: fsync and
# synchronous_commit stay on.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",  # many replicas on one small server
    "fsync": "on",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %a ",
    "cluster_name": "amends",
}


class Postgres:
    """A database server in `folder`. Clients connect by unix socket or by 127.0.0.1, without password."""

    def __init__(self, folder, *, port=None, detached=False):
        self.folder = own_folder(folder)
        self.port = port or free_port()
        self.data = self.folder / "data"
        self._detached = detached
        self.process = None

    def start(self):
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        settings = {**SETTINGS, "port": self.port, "unix_socket_directories": self.folder}
        argv = [paths.postgres_program("postgres"), "-D", self.data]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        self.process = Process(self.folder, "postgres", argv, user=paths.server_user(),
                               detached=self._detached)
        deadline = time.monotonic() + 30
        while True:
            self.process.start()
            if self._wait_ready():
                return self
            # After kill -9 of the postmaster its children need a moment to notice and let go.
            if "pre-existing shared memory" not in self.process.tail(5) or time.monotonic() > deadline:
                raise Failed(f"PostgreSQL did not start\n{self.process.tail()}")
            time.sleep(0.2)

    def _wait_ready(self):
        wait_until(lambda: not self.process.running() or self._accepts(), "PostgreSQL", 60)
        return self.process.running()

    def _accepts(self):
        command = [paths.postgres_program("pg_isready"), "-q", "-h", self.folder, "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def _initdb(self):
        """Makes the data folder as a whole: what an interrupted attempt left is no database."""
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [paths.postgres_program("initdb"), "-D", unfinished, "-U", "postgres", "-A", "trust",
                   "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        user = paths.server_user()
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, **identity)
        if done.returncode:
            raise Failed(f"initdb failed\n{done.stdout.decode(errors='replace')}")
        unfinished.rename(self.data)

    def conninfo(self, database="postgres"):
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def connect(self, database="postgres"):
        """A psycopg2 connection in autocommit mode, for looking and for test set-up."""
        import psycopg2

        connection = psycopg2.connect(self.conninfo(database))
        connection.autocommit = True
        return connection

    def execute(self, statement, parameters=None, database="postgres"):
        """Runs one statement; rows as a list of tuples, or None when it returns none."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def create_database(self, name, template=None):
        suffix = f' template "{template}"' if template else ""
        self.execute(f'drop database if exists "{name}" with (force)')
        self.execute(f'create database "{name}"{suffix}')

    def drop_database(self, name):
        self.execute(f'drop database if exists "{name}" with (force)')

    def stop(self):
        """Fast shutdown: sessions are ended, committed data is checkpointed."""
        if self.process and self.process.running():
            self.process.stop(signal.SIGINT, 60)

    def crash(self):
        """Immediate shutdown of postmaster and backends at once, as a power cut of the machine."""
        self.process.stop(signal.SIGQUIT, 30)

    def kill(self):
        """kill -9 of the postmaster; `start` waits until its orphans are gone."""
        self.process.kill()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()


class Redis:
    """A Redis without persistence, as a service may meet it: everything in it may vanish. With `tls`, a
    certificates.Tls, it speaks only TLS, and wants certificates if `tls` has one for clients."""

    def __init__(self, folder, *, port=None, detached=False, tls=None):
        self.folder = own_folder(folder)
        self._tls = tls
        self.port = port or free_port()
        self._detached = detached
        self.process = None

    def start(self):
        executable, name = paths.redis_server()
        argv = [name, *self._ports(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--maxmemory-policy", "noeviction", "--dir", self.folder, "--loglevel", "warning"]
        self.process = Process(self.folder, "redis", argv, executable=executable,
                               user=paths.server_user(), detached=self._detached).start()
        wait_until(lambda: not self.process.running() or self._pings(), "Redis", 20)
        if not self.process.running():
            raise Failed(f"Redis did not start\n{self.process.tail()}")
        return self

    def _ports(self):
        if not self._tls:
            return ["--port", self.port]
        return ["--port", 0, "--tls-port", self.port, "--tls-cert-file", self._tls.server.cert,
                "--tls-key-file", self._tls.server.key, "--tls-ca-cert-file", self._tls.authority.cert,
                "--tls-auth-clients", "yes" if self._tls.client else "no"]

    def _pings(self):
        return self._cli("ping").stdout.strip() == "PONG"

    def _cli(self, *words):
        flags = []
        if self._tls:
            flags += ["--tls", "--cacert", self._tls.authority.cert]
        if self._tls and self._tls.client:
            flags += ["--cert", self._tls.client.cert, "--key", self._tls.client.key]
        command = ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), *map(str, flags), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})

    def cli(self, *words):
        """What `redis-cli` prints for one command, one line an element."""
        done = self._cli(*words)
        if done.returncode or done.stdout.startswith("ERR"):
            raise Failed(f"redis-cli {words[0]}: {done.stdout}{done.stderr}")
        return done.stdout.splitlines()

    @property
    def url(self):
        return f"redis{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def stop(self):
        if self.process and self.process.running():
            self.process.stop()

    def kill(self):
        self.process.kill()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()


class PgBouncer:
    """A pooler in front of a Postgres, in its mode "session" or "transaction"."""

    def __init__(self, folder, postgres, mode, *, size=40):
        self.folder = own_folder(folder)
        self.port = free_port()
        self.process = None
        users = self.folder / "users.txt"
        users.write_text('"postgres" ""\n')
        self._settings = self.folder / "pgbouncer.ini"
        self._settings.write_text(
            f"[databases]\n* = host={postgres.folder} port={postgres.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {users}\npool_mode = {mode}\ndefault_pool_size = {size}\n"
            "max_client_conn = 400\n")

    def start(self):
        self.process = Process(self.folder, "pgbouncer", [paths.pgbouncer(), self._settings],
                               user=paths.server_user()).start()
        wait_until(lambda: not self.process.running() or not port_is_free(self.port), "PgBouncer", 20)
        if not self.process.running():
            raise Failed(f"PgBouncer did not start\n{self.process.tail()}")
        return self

    def conninfo(self, database):
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"

    def stop(self):
        if self.process and self.process.running():
            self.process.stop()
