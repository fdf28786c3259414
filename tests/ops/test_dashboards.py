"""What the dashboards and the alert rules ask for is what /metrics tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
# Functions, keywords, and labels: all else in an expression is a metric's name.
_NO_METRIC = frozenset(
    "sum rate increase topk histogram_quantile delta by le absent or and on max min".split()
)


def expressions(dashboard: Path) -> list[str]:
    read = json.loads(dashboard.read_text())
    return [target["expr"] for panel in read["panels"] for target in panel["targets"]]


def names_in(asked: Iterable[str]) -> set[str]:
    found = set()
    for each in asked:
        plain = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)", " ", each)
        found |= set(re.findall(r"\b[a-z_][a-z0-9_]*\b", plain)) - _NO_METRIC
    return found


def told(client: FlaskClient) -> set[str]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {f"{family.name}{end}" for family in families for end in endings.get(family.type, ("",))}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_metric_of_a_dashboard_exists(client: FlaskClient, dashboard: Path) -> None:
    asked = names_in(expressions(dashboard))
    assert len(asked) > 8
    assert asked - told(client) == set()


def test_every_metric_of_the_alert_rules_exists(client: FlaskClient) -> None:
    rules = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    asked = names_in(re.findall(r"^ +expr: (.*)$", rules, re.MULTILINE))
    assert asked
    assert asked - told(client) == set()


def test_every_metric_is_on_a_dashboard(client: FlaskClient) -> None:
    shown = {name for each in DASHBOARDS for name in names_in(expressions(each))}
    aside = {"redis_append_only", "redis_never_evicts", "http_request_seconds_sum"}
    assert told(client) - shown - aside == {"http_request_seconds_count"}
