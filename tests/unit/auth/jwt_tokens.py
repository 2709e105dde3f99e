# SPDX-License-Identifier: Apache-2.0
"""Tokens as providers make them: who they name, when they are valid, and half a configuration."""

import json
import unittest

from jwt_rig import AUDIENCE, ES, ISSUER, NOW, PS, RS, Case, Say, usual_claims
from jwcrypto import jwk as jose_jwk, jwt as jose_jwt

LEEWAY = 60


class Accepted(Case):
    def test_each_algorithm_of_both_libraries(self):
        with Say([key.public() for key in (RS, PS, ES)]) as say:
            for key in (RS, PS, ES):
                answer = self.assert_ok(say, key.token())
                self.assertRegex(answer, rf"^ok acme ann AGENT {NOW + 300} [0-9a-f]{{16}}/t-1$")
                other = jose_jwt.JWT(header={"alg": key.alg, "kid": key.kid, "typ": "at+jwt"},
                                     claims=usual_claims() | {"jti": "another"})
                other.make_signed_token(jose_jwk.JWK.from_pyca(key.private))
                self.assert_ok(say, other.serialize())

    def test_a_known_token_says_the_same_again(self):
        with Say([ES.public()]) as say:
            token = ES.token(roles=["AGENT", "SUPERVISOR"])
            self.assertEqual(self.assert_ok(say, token), self.assert_ok(say, token))

    def test_a_token_without_kid_of_the_only_key(self):
        with Say([ES.public(kid=None)]) as say:
            self.assert_ok(say, ES.sign({"alg": "ES256"}, usual_claims()))

    def test_an_rsa_key_that_names_no_algorithm_is_for_rs256(self):
        with Say([RS.public(alg=None, use=None), ES.public(alg=None, use=None, key_ops=["verify"])]) as say:
            self.assert_ok(say, RS.token())
            self.assert_ok(say, ES.token())

    def test_other_credentials_are_not_taken_for_tokens(self):
        with Say([ES.public()]) as say:
            for text in ("amends_k1_secret_sum", "", "eyJ", "a.b.c"):
                self.assertEqual(say.check(text), "other")


class Times(Case):
    def test_validity_has_a_minute_of_leeway(self):
        with Say([ES.public()]) as say:
            token = ES.token(exp=NOW, nbf=NOW - 100, iat=NOW - 100)
            self.assert_ok(say, token, NOW + LEEWAY - 1)
            self.assert_refused(say, token, "has expired", NOW + LEEWAY)
            begins = ES.token(nbf=NOW + LEEWAY, iat=NOW)
            self.assert_ok(say, begins)
            self.assert_refused(say, ES.token(nbf=NOW + LEEWAY + 1, iat=NOW), "not valid yet")
            self.assert_refused(say, ES.token(iat=NOW + LEEWAY + 1), "issued in the future")

    def test_a_known_token_ends_as_one_that_is_not_known(self):
        with Say([ES.public()]) as say:
            token = ES.token()
            self.assert_ok(say, token)
            self.assert_refused(say, token, "has expired", NOW + 300 + LEEWAY)

    def test_a_stream_ends_at_exp(self):
        with Say([ES.public()]) as say:
            self.assert_ok(say, ES.token())
            self.assertTrue(say.alive(NOW + 299))
            self.assertFalse(say.alive(NOW + 300))

    def test_what_is_no_time_is_refused(self):
        with Say([ES.public()]) as say:
            for value in ("1800000300", None, True, [], -1, 1e300, 253402300800):
                claims = {**usual_claims(), "exp": value}
                self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"}, claims), "no time")
            for name in ("nbf", "iat"):
                claims = {**usual_claims(), name: "now"}
                self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"}, claims), "no time")
            without = usual_claims()
            del without["exp"]
            self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"}, without), "no `exp`")

    def test_fractions_of_a_second_are_times(self):
        with Say([ES.public()]) as say:
            self.assert_ok(say, ES.sign({"alg": "ES256", "kid": "es"}, {**usual_claims(), "exp": NOW + 0.5}))


class Purpose(Case):
    def test_issuer_and_audience(self):
        with Say([ES.public()]) as say:
            for issuer in ("https://evil.example.com", ISSUER + "/", ISSUER.upper(), "", None, [ISSUER]):
                self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"},
                                                 {**usual_claims(), "iss": issuer}), "`iss`")
            for audience in ("other", "", [], ["other"], [["amends"]], {"amends": 1}, None, "amends "):
                self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"},
                                                 {**usual_claims(), "aud": audience}), "`aud`")
            self.assert_ok(say, ES.token(aud=["other", AUDIENCE]))


class Who(Case):
    def test_a_fixed_tenant(self):
        with Say([ES.public()], tenant="acme", tenant_claim="") as say:
            self.assert_ok(say, ES.token(tenant="evil"))

    def test_claims_of_keycloak_azure_and_auth0(self):
        places = {
            "realm_access.roles": {"realm_access": {"roles": ["offline_access", "AGENT"]}},
            "roles": {"roles": ["AGENT"]},
            "https://example.com/roles": {"https://example.com/roles": ["AGENT"]},
            "/a.b/c~1d": {"a.b": {"c/d": "AGENT"}},
            "scope": {"scope": "openid AGENT email"},
        }
        for path, claims in places.items():
            with Say([ES.public()], roles_claim=path) as say:
                token = ES.token({"roles": [], **claims})
                self.assertIn(" AGENT ", self.assert_ok(say, token), path)

    def test_a_name_with_dots_is_not_a_path(self):
        with Say([ES.public()], roles_claim="realm_access.roles") as say:
            token = ES.token({"realm_access.roles": ["ADMIN"]})
            self.assertIn(" - ", self.assert_ok(say, token))

    def test_groups_are_mapped_and_only_they_count(self):
        groups = "cn=care,dc=example=AGENT;leads=SUPERVISOR+observer;"
        with Say([ES.public()], roles_claim="groups", roles_map=groups) as say:
            token = ES.token(groups=["cn=care,dc=example", "leads", "ADMIN", "admins", 7, None])
            self.assertIn(" OBSERVER,+AGENT,+SUPERVISOR ", self.assert_ok(say, token))

    def test_no_token_has_the_role_of_the_services(self):
        with Say([ES.public()]) as say:
            token = ES.token(roles=["INTERNAL", "internal", "AGENT"])
            self.assertIn(" AGENT ", self.assert_ok(say, token))

    def test_without_a_map_roles_are_as_the_contract_writes_them(self):
        with Say([ES.public()]) as say:
            answer = self.assert_ok(say, ES.token(roles=["admin", "Agent", "OBSERVER "]))
            self.assertIn(" - ", answer)
            self.assertIn("token_without_roles", say.logged())

    def test_principals(self):
        with Say([ES.public()]) as say:
            for name in ("auth0|abc", "", "ann smith", "änn", "x" * 129, "a/b", "a\n"):
                self.assert_refused(say, ES.token(sub=name), "preferred_username")
            for name in (7, None, ["ann"], {"a": 1}):
                self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"},
                                                 {**usual_claims(), "sub": name}), "no text in the claim")
            self.assert_refused(say, ES.token(sub="amends"), "have for themselves")
            self.assert_refused(say, ES.token(sub="customer:email"), "of a customer")
            self.assert_ok(say, ES.token(sub="x" * 128), who="acme " + "x" * 128)

    def test_another_claim_names_the_principal(self):
        with Say([ES.public()], principal_claim="email") as say:
            token = ES.token(sub="auth0|abc", email="ann@example.com", email_verified=True)
            self.assert_ok(say, token, who="acme ann@example.com")
            for verified in (False, "true", None):
                self.assert_refused(say, ES.token(email="ann@example.com", email_verified=verified),
                                    "not verified")

    def test_tenants(self):
        with Say([ES.public()]) as say:
            for name in ("", "a b", "x" * 65, "acme/evil"):
                self.assert_refused(say, ES.token(tenant=name), "no tenant")
            for name in (None, 1, ["acme"]):
                self.assert_refused(say, ES.sign({"alg": "ES256", "kid": "es"},
                                                 {**usual_claims(), "tenant": name}), "--jwt-tenant-claim")

    def test_an_odd_jti_is_not_shown(self):
        with Say([ES.public()]) as say:
            for jti in ("a b", "x" * 65, 7, "ä"):
                answer = self.assert_ok(say, ES.sign({"alg": "ES256", "kid": "es"}, {**usual_claims(), "jti": jti}))
                self.assertTrue(answer.endswith("/"), answer)


class Configuration(Case):
    def says(self, *parts, keys=None, **settings):
        said = Say(keys, **settings).refuses_to_start()
        for part in parts:
            self.assertIn(part, said)

    def test_half_a_configuration_names_what_is_missing(self):
        self.says("--jwt-issuer: is missing", "--jwt-audience: is missing", "--jwt-jwks: is missing",
                  "--jwt-tenant-claim: is missing", issuer="", audience="", jwks="", tenant_claim="")
        self.says("both given", tenant="acme")
        self.says("--jwt-tenant: is no tenant", tenant="a b", tenant_claim="")

    def test_the_place_of_the_key_set(self):
        for place in ("http://login.example.com/keys", "file:///etc/keys", "ftp://x/y"):
            self.says("--jwt-jwks: is neither a file nor an https:// address", jwks=place)
        self.says("user name or password", jwks="https://me:secret@login.example.com/keys")
        self.says("--jwt-jwks-ca: is only for", jwks_ca="/etc/ca.pem")

    def test_claims_and_maps(self):
        self.says("empty name", roles_claim="a..b")
        self.says("more than 8", roles_claim=".".join("abcdefghi"))
        self.says("followed by neither", principal_claim="/a~2")
        self.says('"care=BOSS" does not end with roles', roles_map="lead=AGENT,care=BOSS")
        self.says("gives INTERNAL", roles_map="care=INTERNAL")
        self.says("for the second time", roles_map="care=AGENT,care=ADMIN")
        self.says("is not GROUP=ROLE", roles_map="care")

    def test_a_file_that_is_no_key_set(self):
        for text, why in (("", "not JSON"), ("{", "not JSON"), ("[]", 'no list'), ('{"keys":{}}', "no list"),
                          ('{"keys":[]}', "it is empty"), ('{"keys":[],"keys":[]}', "not JSON"),
                          (json.dumps({"keys": [{}] * 65}), "more than 64"),
                          (json.dumps({"keys": [ES.public()]}) + " " * 262144, "longer than 262144")):
            self.says(why, keys=text)
        self.says("No such file")
        self.says("it is no file", jwks="/")


if __name__ == "__main__":
    unittest.main()
