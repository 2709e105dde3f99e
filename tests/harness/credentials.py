# SPDX-License-Identifier: Apache-2.0
"""Everything secret that a demonstration needs, in one private folder: certificates, API keys, and the contexts by which
amendsctl finds both.

    credentials = Credentials(folder)
    credentials.make_files()                      # a CA, the services' certificate and internal key, the first API key
    migrate(..., credentials.first_key)
    credentials.make_keys(intake_address)         # a key for each of PEOPLE, made with the first one
    credentials.write_contexts({"intake": address, ...}, tenant)

The people are those of the stories and of README.md: a context is called as the person is, and `demo` has the first key, which
may do everything.
"""

import os
import secrets
import subprocess

from . import api, paths
from .api import v1
from .certificates import LOCAL, Authority, Tls
from .process import Failed

ADMIN = "demo"
CLIENT, AGENT, SUPERVISOR = "CLIENT", "AGENT", "SUPERVISOR"
PEOPLE = {"crm": CLIENT, "payments": CLIENT, "front-desk": CLIENT, "warehouse": CLIENT, "ann": AGENT, "bob": AGENT,
          "lena": AGENT, "vera": AGENT, "steward-executive": SUPERVISOR}
# What the first key of a tenant may do.
EVERYTHING = "agent,supervisor,client,gateway,admin,operator"
YEAR_S = 365 * 86_400


def write_secret(file, text):
    """A file that its owner alone can read."""
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(text)


def _amends(*words):
    done = subprocess.run([paths.program("amends"), *words], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise Failed(f"amends {' '.join(words[:2])}: {done.returncode}\n{done.stderr}")


class Credentials:
    def __init__(self, folder):
        self.folder = folder
        self.internal_key = folder / "internal-key"
        self.first_key = folder / "admin.key"
        self.contexts = folder / "contexts.yaml"
        self.tls = None

    @property
    def ca(self):
        return self.tls.authority.cert

    def key_of(self, name):
        return self.folder / f"{name}.key"

    def make_files(self, keep=False):
        """New ones; with `keep` the API keys stay, which the database knows."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not keep:
            for file in self.folder.glob("*.key"):
                file.unlink()
        self.tls = Tls(self._authority())
        write_secret(self.internal_key, secrets.token_urlsafe(32) + "\n")
        if not self.first_key.exists():
            _amends("key", "generate", "--out", self.first_key)
        return self

    def make_lost_key(self, conninfo, tenant):
        """Beside the services, for a database that has keys whose files are lost."""
        self.first_key.unlink()
        _amends("key", "create", "--pg", conninfo, "--tenant", tenant, "--principal", "admin", "--roles", EVERYTHING,
                "--out", self.first_key)

    def _authority(self):
        authority = Authority(self.folder / "tls", "ca", days=365)
        authority.issue("server", *LOCAL, seconds=YEAR_S - 60)
        return authority

    def options(self, kind):
        """For a service's command line."""
        return ["--auth", "required", "--internal-key-file", self.internal_key, *self.tls.options(kind)]

    def make_keys(self, intake):
        """A key for everybody who has none, as an administrator makes them."""
        channel = api.channel(intake, self.tls.credentials())
        access = api.Client(channel, "AccessService", metadata=[bearer_of(self.first_key)])
        for name, role in PEOPLE.items():
            if not self.key_of(name).exists():
                made = access.CreateApiKey(principal=name, roles=[getattr(v1, f"ROLE_{role}")], description="./dev run")
                write_secret(self.key_of(name), made.key + "\n")
        channel.close()

    def write_contexts(self, addresses, tenant):
        """amendsctl's file; the names of files in it are those beside it."""
        lines = [f"current: {ADMIN}", "contexts:"]
        for name in (ADMIN, *PEOPLE):
            key = self.first_key if name == ADMIN else self.key_of(name)
            options = {**addresses, "tenant": tenant, "tls-ca": "tls/ca.crt", "api-key-file": key.name}
            lines += [f"  {name}:", *(f"    {option}: {value}" for option, value in options.items())]
        write_secret(self.contexts, "\n".join(lines) + "\n")


def bearer_of(file):
    """The metadata that carries the key of a file."""
    return api.bearer(file.read_text().strip())
