"""Alerts look for what the code really says, and the runbook tells what each means."""

from __future__ import annotations

import json
import re

from scripts.costs import ALERTS_5_MINUTES, ALERTS_15_MINUTES
from shared.telemetry import MEASURES
from tests.infra.bicep import bicep
from tests.infra.code import ROOT, bindings, log_fields, log_texts

RULES = bicep("modules/alerts.bicep").variables["rules"]
WORKBOOK = (ROOT / "infra" / "modules" / "workbook.json").read_text()
QUERIES = [rule["query"] for rule in RULES] + [
    item["content"]["query"] for item in json.loads(WORKBOOK)["items"] if item["type"] == 3
]


def test_every_text_that_an_alert_waits_for_is_logged() -> None:
    waited = {text for query in QUERIES for text in re.findall(r'Message == "([^"]+)"', query)}
    assert waited
    assert waited <= log_texts()


def test_every_function_that_an_alert_watches_exists() -> None:
    known = {b.function for b in bindings()}
    watched = {
        name
        for query in QUERIES
        for name in re.findall(r'(?:\bName|OperationName) has "(\w+)"', query)
    }
    assert watched
    assert watched <= known


def test_every_field_that_a_query_reads_is_logged() -> None:
    read = {name for query in QUERIES for name in re.findall(r"Properties\.(\w+)", query)}
    assert read <= log_fields()


def test_every_measure_that_a_query_asks_for_is_taken() -> None:
    asked = {n for query in QUERIES for n in re.findall(r'Properties.measure == "([^"]+)"', query)}
    assert asked
    assert asked <= set(MEASURES)


def test_every_alert_is_explained_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"`{rule['name']}`" in runbook, rule["name"]


def test_every_timer_that_moves_tickets_is_watched() -> None:
    watched = " ".join(QUERIES)
    for name in ("sweep_undelivered", "sweep_service_levels", "poll_mailboxes"):
        assert name in watched


def test_the_cost_model_knows_how_many_alerts_there_are() -> None:
    urgent = sum(rule["severity"] == 0 for rule in RULES)
    assert (urgent, len(RULES) - urgent) == (ALERTS_5_MINUTES, ALERTS_15_MINUTES)


def test_alerts_reach_somebody() -> None:
    file = bicep("modules/alerts.bicep")
    [people] = file.of_type("Microsoft.Insights/actionGroups")
    assert people.body["properties"]["emailReceivers"][0]["emailAddress"] == "email"
    [logs] = file.of_type("Microsoft.Insights/scheduledQueryRules")
    assert logs.body["properties"]["actions"]["actionGroups"] == ["people.id"]
