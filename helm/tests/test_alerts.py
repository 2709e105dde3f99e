# SPDX-License-Identifier: Apache-2.0
"""Alerts for Prometheus: off unless asked for, and of metrics that the services have."""

import re

import yaml

import chart
from chart import of_kind

MANUAL = (chart.CHART / "README.md").read_text()
ALERTS = yaml.safe_load((chart.CHART / "files" / "alerts.yaml").read_text())


def rules(groups):
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def metrics_of(expression):
    return re.findall(r"\bamends_\w+", expression)


def test_no_alerts_unless_asked_for(helm):
    assert not of_kind(helm.render(), "PrometheusRule")


def test_alerts_are_those_of_the_file(helm):
    (found,) = of_kind(helm.render({"alerts": {"enabled": True}}), "PrometheusRule")
    assert found["apiVersion"] == "monitoring.coreos.com/v1" and found["metadata"]["name"] == "demo-amends-alerts"
    assert found["spec"]["groups"] == ALERTS["groups"]


def test_alerts_have_the_labels_and_the_selector_of_values(helm):
    selector = 'namespace="care",pod=~"amends-.*"'
    (found,) = of_kind(helm.render({"alerts": {
        "enabled": True, "ruleLabels": {"release": "monitoring"}, "labels": {"team": "care", "severity": "page"},
        "selector": selector}}), "PrometheusRule")
    assert found["metadata"]["labels"]["release"] == "monitoring"
    made, shipped = rules(found["spec"]["groups"]), rules(ALERTS["groups"])
    assert made.keys() == shipped.keys()
    for name, rule in made.items():
        assert rule["labels"] == {"team": "care", "severity": "page"}
        assert rule["expr"] == shipped[name]["expr"].replace("{}", "{" + selector + "}")
        assert rule["expr"].count(selector) == len(metrics_of(rule["expr"]))
        assert rule["annotations"] == shipped[name]["annotations"]
    for wrong in ('{namespace="care"}', "namespace=care", 'namespace="care"} or vector(1) > bool 0 or amends{a="'):
        assert "selector" in helm.refusal({"alerts": {"enabled": True, "selector": wrong}})


def test_alerts_say_what_to_do_and_the_manual_has_them(_helm):
    for name, rule in rules(ALERTS["groups"]).items():
        assert rule["labels"]["severity"] in ("critical", "warning"), name
        assert rule["annotations"]["summary"] and rule["annotations"]["description"], name
        (row,) = [line for line in MANUAL.splitlines() if line.startswith("| `Amends") and f"`{name}`" in line]
        assert f"| {rule['labels']['severity']} |" in row, name
    assert len(re.findall(r"`Amends\w+`", MANUAL)) == len(rules(ALERTS["groups"]))


def test_alerts_ask_for_metrics_that_the_services_define(_helm):
    """With their kind: of a counter its growth counts, of a gauge its value."""
    kinds = {}
    for folder in ("common", "services"):
        for path in (chart.ROOT / folder).rglob("*.c"):
            for call in re.findall(r"METRIC\w*\([^;]*?\"amends_\w+\"[^;]*?(?:\)|;)", path.read_text()):
                name = re.search(r'"(amends_\w+)"', call).group(1)
                kinds[name] = re.search(r"METRIC_(COUNTER|GAUGE|HISTOGRAM)", call).group(1)
    assert len(kinds) > 100
    for name, rule in rules(ALERTS["groups"]).items():
        assert metrics_of(rule["expr"]), name
        for metric in metrics_of(rule["expr"]):
            assert kinds.get(metric) == ("COUNTER" if metric.endswith("_total") else "GAUGE"), f"{name}: {metric}"
            assert metric.endswith("_total") == (f"increase({metric}{{}}[" in rule["expr"]), f"{name}: {metric}"
