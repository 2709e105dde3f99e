# SPDX-License-Identifier: Apache-2.0
"""What the tests of JSON Web Tokens share: keys, key sets, tokens, and the program that judges them.

Tokens are made by python3-jwt and python3-jwcrypto, which share no code with the library that checks them;
what both refuse to make is put together by hand.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwcrypto import jwk

PROGRAM = sys.argv.pop(1)
NOW = 1_800_000_000
ISSUER = "https://login.example.com/realms/care"
AUDIENCE = "amends"


def b64(data):
    if not isinstance(data, bytes):
        data = data.encode() if isinstance(data, str) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A private key with its name and algorithm."""

    def __init__(self, private, kid, alg):
        self.private, self.kid, self.alg = private, kid, alg

    def public(self, **members):
        out = json.loads(jwk.JWK.from_pyca(self.private.public_key()).export_public())
        out.pop("kid", None)
        named = {"kid": self.kid, "alg": self.alg, "use": "sig", **members}
        return {**out, **{name: value for name, value in named.items() if value is not None}}

    def token(self, claims=None, headers=None, **more):
        return jwt.encode({**usual_claims(), **(claims or {}), **more}, self.private, algorithm=self.alg,
                          headers={"kid": self.kid, **(headers or {})})

    def sign(self, header, payload):
        """A token of any header and payload text, signed well."""
        text = f"{b64(header)}.{b64(payload)}"
        return f"{text}.{b64(self.signature(text.encode()))}"

    def signature(self, text):
        if self.alg == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        way = (padding.PKCS1v15() if self.alg == "RS256"
               else padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size))
        return self.private.sign(text, way, hashes.SHA256())


def usual_claims():
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "tenant": "acme", "roles": ["AGENT"],
            "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 300, "jti": "t-1"}


def rsa_key(bits, kid, alg="RS256"):
    return Key(rsa.generate_private_key(65537, bits), kid, alg)


def ec_key(kid, curve=None):
    return Key(ec.generate_private_key(curve or ec.SECP256R1()), kid, "ES256")


RS, PS, ES = rsa_key(2048, "rs"), rsa_key(2048, "ps", "PS256"), ec_key("es")


class Say:
    """The program, with a key set in a file or at an address."""

    def __init__(self, keys=None, **settings):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "jwks.json")
        given = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": self.file, "tenant_claim": "tenant"}
        given.update(settings)
        if keys is not None:
            self.write(keys)
        words = [f"{name.replace('_', '-')}={value}" for name, value in given.items()]
        self.log = open(os.path.join(self.folder.name, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        rest = self.process.communicate()[0]
        text = self.logged()
        self.log.close()
        self.folder.cleanup()
        assert self.process.returncode == 0, (rest, text)

    def logged(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8") as log:
            return log.read()

    def refuses_to_start(self):
        """What it says when it does not start."""
        out = self.process.communicate()[0]
        text = self.logged()
        self.log.close()
        self.folder.cleanup()
        assert self.process.returncode == 1, (self.process.returncode, out, text)
        return out + text

    def write(self, keys):
        """Puts another file in the place of the key set, as whoever does it well."""
        text = keys if isinstance(keys, str) else json.dumps({"keys": keys})
        with open(self.file + ".new", "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(self.file + ".new", self.file)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, self.logged()
        return answer.rstrip("\n")

    def check(self, token, now=NOW):
        return self.ask(f"check {now} {token}")

    def alive(self, now=NOW):
        return self.ask(f"alive {now}") == "yes"


class Case(unittest.TestCase):
    def assert_refused(self, say, token, why, now=NOW):
        answer = say.check(token, now)
        self.assertTrue(answer.startswith(("refused ", "asked refused ")), answer)
        self.assertIn(why, answer)

    def assert_ok(self, say, token, now=NOW, who="acme ann"):
        answer = say.check(token, now)
        self.assertTrue(answer.startswith(f"ok {who} "), answer)
        return answer
