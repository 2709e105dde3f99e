# SPDX-License-Identifier: Apache-2.0
"""Rendering of the chart and picking of things from what was rendered."""

import pathlib
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "amends"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
SERVICES = ("intake", "assignment", "resolution")

# What every render needs; tests add to it.
BASE = {"tls": {"existingSecret": "tls-secret"}, "internalKey": {"existingSecret": "internal-secret"},
        "postgresql": {"host": "pg"}, "redis": {"host": "redis"}}
# Values of the last release, which had nothing else about callers.
LAST_RELEASE = {"insecurePrincipals": True, "postgresql": {"host": "pg"}, "redis": {"host": "redis"}}


class RenderError(Exception):
    """Helm refused the values."""


def overlay(base, over):
    """`over` laid over `base` as Helm does with several values files."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{key: overlay(base.get(key), value) for key, value in over.items()}}


class Helm:
    def __init__(self, binary):
        self.binary = binary
        self.name = pathlib.Path(binary).name

    def run(self, *args):
        return subprocess.run([self.binary, *map(str, args)], capture_output=True, text=True, timeout=60, check=False)

    def lint(self, values_file):
        done = self.run("lint", "--strict", CHART, "-f", values_file)
        if done.returncode != 0:
            raise RenderError(done.stdout + done.stderr)

    def template(self, values_file, release="demo"):
        done = self.run("template", release, CHART, "--namespace", "care", "-f", values_file)
        if done.returncode != 0:
            raise RenderError(done.stderr)
        return done.stdout

    def render(self, values=None, release="demo", base=BASE):
        """A list of the objects made from `values` over `base`."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(overlay(base, values or {}), file)
            file.flush()
            return parse(self.template(file.name, release))

    def refusal(self, values, base=BASE):
        """Why Helm refuses `values`; fails when it does not."""
        try:
            self.render(values, base=base)
        except RenderError as error:
            return str(error)
        raise AssertionError(f"was rendered, but should have been refused: {values}")


def parse(text):
    return [document for document in yaml.load_all(text, Loader=StrictLoader) if document]


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, as the API server does."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"given twice: {', '.join(sorted(map(str, twice)))}")
        return super().construct_mapping(node, deep)


def of_kind(objects, kind):
    return [o for o in objects if o["kind"] == kind]


def one(objects, kind, component, suffix=""):
    """The only object of this kind for this component (and with this end of its name)."""
    found = [o for o in of_kind(objects, kind)
             if o["metadata"]["labels"]["app.kubernetes.io/component"] == component
             and o["metadata"]["name"].endswith(component + suffix)]
    assert len(found) == 1, f"{len(found)} of {kind} {component}{suffix}"
    return found[0]


def deployment(objects, component):
    return one(objects, "Deployment", component)


def job(objects):
    (found,) = of_kind(objects, "Job")
    return found


def pods(objects):
    """(name, pod template) of everything that runs pods."""
    return [(o["metadata"]["name"], o["spec"]["template"]) for o in objects if o["kind"] in ("Deployment", "Job")]


def containers(pod):
    spec = pod["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def environment(container):
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}
