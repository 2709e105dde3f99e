# SPDX-License-Identifier: Apache-2.0
"""An identity provider for tests: a key set in a file, and tokens that it signs."""

import json
import os
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk

ISSUER, AUDIENCE = "https://login.example.com/realms/care", "amends"


class Provider:
    """Signs by the key that it made last; keys are named k1, k2, ..."""

    def __init__(self, folder):
        self.file = folder / "jwks.json"
        self.keys = {}
        self.add_key()
        self.publish()

    def add_key(self):
        name = f"k{len(self.keys) + 1}"
        self.keys[name] = ec.generate_private_key(ec.SECP256R1())
        return name

    def publish(self, *names):
        """Puts these keys into the file, or all of them."""
        keys = [{**json.loads(jwk.JWK.from_pyca(self.keys[name].public_key()).export_public()), "kid": name,
                 "alg": "ES256", "use": "sig"} for name in names or self.keys]
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": keys}))
        fresh.chmod(0o644)  # the programs run as another user
        os.replace(fresh, self.file)

    def options(self, **more):
        given = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": self.file, "tenant_claim": "org", **more}
        return [word for name, value in given.items() if value
                for word in (f"--jwt-{name.replace('_', '-')}", value)]

    def token(self, principal, *roles, tenant="demo", lives_s=600, key=None, **claims):
        now = time.time()
        kid = key or list(self.keys)[-1]
        return jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "sub": principal, "org": tenant, "roles": roles,
                           "iat": now, "exp": now + lives_s, **claims}, self.keys[kid], algorithm="ES256",
                          headers={"kid": kid})
