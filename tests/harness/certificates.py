# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of a test's own, by the command line program `openssl`.

    authority = Authority(folder)
    pair = authority.issue("intake", "DNS:localhost", "IP:127.0.0.1", seconds=20)
    pair.cert, pair.key, authority.cert                 # paths of PEM files

    make_cluster(tls=Tls(authority))                    # everything speaks TLS

`Swapped` is a folder whose content is swapped as Kubernetes does it: its files are symbolic links into a
folder that one rename replaces.
"""

import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import grpc

from .process import Failed

LOCAL = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")
# A certificate is valid from a minute ago: clocks differ.
SKEW_S = 60


def _openssl(*words, text=None):
    done = subprocess.run(["openssl", *map(str, words)], input=text, capture_output=True, text=True, check=False,
                          timeout=60)
    if done.returncode:
        raise Failed(f"openssl {words[0]}: {done.stderr}")
    return done.stdout


def _time(seconds):
    """That many seconds from now, as `openssl ca` takes it."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y%m%d%H%M%SZ")


class Pair:
    """A certificate and its key."""

    def __init__(self, folder, name):
        self.cert, self.key = folder / f"{name}.crt", folder / f"{name}.key"


class Authority(Pair):
    """Signs certificates, and no requests of others."""

    def __init__(self, folder, name="authority", days=2):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, name)
        self._folder = folder
        self._settings = folder / f"{name}.cnf"
        index = folder / f"{name}.index"
        index.write_text("")
        self._settings.write_text(
            f"[ca]\ndefault_ca = us\n[us]\ndatabase = {index}\nrand_serial = yes\nnew_certs_dir = {folder}\n"
            f"default_md = sha256\npolicy = any\nunique_subject = no\ncopy_extensions = copy\n"
            f"certificate = {self.cert}\nprivate_key = {self.key}\n[any]\ncommonName = supplied\n")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
                 "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                 "-keyout", self.key, "-out", self.cert)

    def issue(self, name, *sans, seconds=3600, since=-SKEW_S, folder=None):
        """A pair with these names ("DNS:localhost"), valid for so many seconds from now."""
        folder = folder or self._folder
        folder.mkdir(parents=True, exist_ok=True)
        pair = Pair(folder, name)
        request = folder / f"{name}.csr"
        extension = ["-addext", f"subjectAltName={','.join(sans)}"] if sans else []
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", f"/CN={name}", *extension, "-keyout", pair.key, "-out", request)
        _openssl("ca", "-batch", "-config", self._settings, "-in", request, "-out", pair.cert, "-notext",
                 "-startdate", _time(since), "-enddate", _time(seconds))
        pair.key.chmod(0o644)  # servers of the tests run as another user
        return pair


class Swapped(Pair):
    """`issue` puts a new pair in the place of the old one, at once."""

    def __init__(self, folder, authority, name, *sans):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, "tls")
        self._folder, self._authority, self._name, self._sans = folder, authority, name, sans
        self._count = 0
        for path in (self.cert, self.key):
            path.symlink_to(Path("..data") / path.name)

    def issue(self, seconds):
        self._count += 1
        version = self._folder / f"..{self._count}"
        pair = self._authority.issue(self._name, *self._sans, seconds=seconds, folder=version)
        pair.cert.rename(version / self.cert.name)
        pair.key.rename(version / self.key.name)
        fresh = self._folder / "..fresh"
        fresh.symlink_to(version.name)
        os.rename(fresh, self._folder / "..data")
        return self


class Tls:
    """How a cluster speaks TLS. All servers show `server`. With `client` they want certificates, and the test's
    calls have that one (False: none)."""

    def __init__(self, authority, server=None, client=None, ask=None):
        self.authority = authority
        self.server = server or authority.issue("server", *LOCAL)
        self.client = client
        self._ask = ask

    def options(self, kind):
        options = ["--tls-cert", self.server.cert, "--tls-key", self.server.key]
        if self.client is not None:
            options += ["--tls-client-ca", self.authority.cert]
        if self._ask:
            options += ["--tls-client-cert", self._ask]
        return options + (["--tls-ca", self.authority.cert] if kind in ("intake", "resolution") else [])

    def credentials(self):
        """For a channel of Python."""
        pair = (self.client.key.read_bytes(), self.client.cert.read_bytes()) if self.client else (None, None)
        return grpc.ssl_channel_credentials(self.authority.cert.read_bytes(), *pair)

    def flags(self):
        """For amendsctl."""
        pair = ["--tls-cert", self.client.cert, "--tls-key", self.client.key] if self.client else []
        return ["--tls-ca", self.authority.cert, *pair]
