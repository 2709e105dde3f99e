# SPDX-License-Identifier: Apache-2.0
"""Lints the chart and docker/Dockerfile and runs the tests of this folder; closes with 'N passed, N failed'."""

import argparse
import concurrent.futures
import inspect
import os
import subprocess
import sys
import traceback

import chart
import test_alerts
import test_chart
import test_values


def lint_of(helm, file):
    return f"{helm.name} lint --strict, {file.name}", lambda: helm.lint(file)


def tests_of(helms):
    """(name, function) of each test: once a Helm, or once if it renders nothing."""
    for module in (test_values, test_chart, test_alerts):
        for name, test in vars(module).items():
            if name.startswith("test_") and callable(test):
                renders = "helm" in inspect.signature(test).parameters
                for helm in helms if renders else helms[:1]:
                    yield f"{helm.name} {name}" if renders else name, lambda test=test, helm=helm: test(helm)


def helms_agree(helms, file):
    assert len({helm.template(file) for helm in helms}) == 1


def lint_dockerfile(binary):
    """ER0012 wants versions of packages pinned: Debian keeps only the newest one of a release."""
    done = subprocess.run([binary, "-s", "none", "-i", "ER0012", "-e", "-f", chart.ROOT / "docker" / "Dockerfile"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run(job):
    name, function = job
    try:
        function()
        return name, None
    except Exception:  # whatever it is, it is this test's failure
        return name, traceback.format_exc(limit=-2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--helm", action="append", required=True, type=chart.Helm)
    parser.add_argument("--dockerlinter", required=True)
    options = parser.parse_args()

    jobs = [lint_of(helm, file) for helm in options.helm for file in chart.CI_VALUES]
    jobs += [(f"same with every helm, {f.name}", lambda f=f: helms_agree(options.helm, f)) for f in chart.CI_VALUES]
    jobs += tests_of(options.helm)
    jobs.append(("dockerlinter docker/Dockerfile", lambda: lint_dockerfile(options.dockerlinter)))

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run, jobs))
    failed = [(name, why) for name, why in results if why]
    for name, why in failed:
        print(f"FAILED {name}\n{why}")
    print(f"helm and docker: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
