# SPDX-License-Identifier: Apache-2.0
"""values.schema.json refuses what nobody meant."""

import copy
import json
import re

import yaml

import chart

SCHEMA = json.loads((chart.CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((chart.CHART / "values.yaml").read_text())
FULL = yaml.safe_load((chart.CHART / "ci" / "full-values.yaml").read_text())

# Maps and items of lists in which any key goes, on purpose.
FREE = {"strings", "labels", "kubernetes", "volumes"}


def keys_of(value, path=()):
    """Paths of all keys in a tree, those within free maps left out."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield path + (key,)
            if not is_free(path + (key,)):
                yield from keys_of(below, path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from keys_of(item, path + (index,))


def resolve(schema):
    while "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def is_free(path):
    """Whether the schema names the definition of a free map there."""
    schema, name = SCHEMA, None
    for key in path:
        schema = schema["items"] if isinstance(key, int) else schema["properties"][key]
        name = schema.get("$ref", "").rpartition("/")[2]
        schema = resolve(schema)
    return name in FREE


def misspelt(values, paths):
    """A copy of `values` with an x after the last key of each path; deepest first, so that paths stay valid."""
    out = copy.deepcopy(values)
    for path in sorted(paths, key=len, reverse=True):
        parent = out
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1] + "x"] = parent.pop(path[-1])
    return out


def test_full_values_have_every_key(_helm):
    """Else the next test would not meet a key that was added."""
    def spread(value, path=()):
        value = resolve(value)
        for key, below in value.get("properties", {}).items():
            yield path + (key,)
            yield from spread(below, path + (key,))
    skipped = ("enabled",), ("services",)
    known = {p for p in spread(SCHEMA) if p[:1] not in skipped}
    given = {p for p in keys_of(FULL) if p[:1] not in skipped}
    assert known <= given, f"not in ci/full-values.yaml: {sorted(known - given)}"
    assert {p for p in keys_of(DEFAULTS) if p[0] != "config"} <= set(keys_of(FULL)) | {("services",)}


def test_every_misspelt_key_is_refused(helm):
    paths = list(keys_of(FULL))
    assert len(paths) > 150
    for length in sorted({len(p) for p in paths}):
        batch = [p for p in paths if len(p) == length]
        message = helm.refusal(misspelt(FULL, batch), base={})
        for path in batch:
            if path[-1] + "x" not in message:  # hidden behind another mistake: alone it must show
                message_alone = helm.refusal(misspelt(FULL, [path]), base={})
                assert path[-1] in message_alone, f"{path}: {message_alone}"


def test_every_object_is_closed(_helm):
    """additionalProperties is false wherever it is not declared free."""
    def walk(name, schema):
        if schema.get("type") == "object" or "properties" in schema:
            if schema.get("additionalProperties") is not False:
                assert name in FREE or name == "global", f"open: {name}"
        for key, below in schema.get("properties", {}).items():
            walk(key, below)
        if "items" in schema:
            walk(name, schema["items"])
    walk("root", SCHEMA)
    for name, definition in SCHEMA["definitions"].items():
        walk(name, definition)


def test_services_may_override_all_defaults(_helm):
    service = SCHEMA["definitions"]["service"]["properties"]
    assert SCHEMA["properties"]["defaults"]["properties"].items() <= service.items()


def test_wrong_values_are_refused(helm):
    wrong = [
        ({"defaults": {"replicas": "two"}}, "replicas"),
        ({"defaults": {"replicas": -1}}, "replicas"),
        ({"defaults": {"resources": {"limits": {"memory": "256MB"}}}}, "memory"),
        ({"defaults": {"drain": {"graceMs": "20s"}}}, "graceMs"),
        ({"defaults": {"pdb": {"maxUnavailable": 0}}}, "maxUnavailable"),
        ({"defaults": {"podLabels": {"app.kubernetes.io/name": "x"}}}, "app.kubernetes.io/name"),
        ({"services": {"intake": {"ports": {"grpc": 80}}}}, "grpc"),
        ({"services": {"billing": {"ports": {"grpc": 8000, "admin": 8001}}}}, "billing"),
        ({"postgresql": {"sslmode": "on"}}, "sslmode"),
        ({"postgresql": {"password": "secret"}}, "password"),
        ({"redis": {"port": 65536}}, "port"),
        ({"image": {"digest": "sha256:12"}}, "digest"),
        ({"config": {"logLevel": "loud"}}, "logLevel"),
        ({"clientLoadBalancing": "mesh"}, "clientLoadBalancing"),
    ]
    for values, key in wrong:
        message = helm.refusal(values)
        assert key in message and "schema" in message, f"{values}: {message}"


def test_globals_of_a_parent_chart_go_through(helm):
    helm.render({"global": {"storageClass": "fast"}, "enabled": True})


# -- options of the programs ------------------------------------------------------------------------------------------

# What the chart sets from other values, and what is for tests.
SET_BY_THE_CHART = {
    "listen", "admin", "pg", "pg-password-file", "redis", "redis-password-file", "assignment", "insecure-principals",
    "livez", "max-connection-age-ms", "drain-delay-ms", "drain-grace-ms", "drain-quiet-ms", "drain-timeout-ms",
    "test-clock", "insecure-plaintext", "insecure-admin", "tls-listen", "tls-cert", "tls-key", "tls-client-ca",
    "tls-client-cert", "tls-ca", "checkpoint-key", "master-keys", "keys-pg", "internal-key-file", "trusted-front-loopback", "redis-tls-ca", "redis-tls-cert", "redis-tls-key"}


def test_the_chart_takes_every_option_of_the_programs(_helm):
    table = (chart.CHART.parents[1] / "services" / "program" / "settings.c").read_text()
    options = set(re.findall(r'\{"([a-z-]+)", OPTION_', table)) - SET_BY_THE_CHART
    assert len(options) > 5
    named = {re.sub(r"-(.)", lambda letter: letter.group(1).upper(), option) for option in options}
    assert set(SCHEMA["definitions"]["config"]["properties"]) == named
