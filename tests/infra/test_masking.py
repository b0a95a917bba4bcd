"""No secret link is stored with the telemetry: the queries of infra/ run over sample records."""

from __future__ import annotations

import json
import re

import pytest

from scripts.infra_check.places import INFRA
from shared.render.links import Links, Pass
from tests.infra import kql
from tests.infra.bicep import bicep
from tests.infra.code import ROOT, bindings
from tests.support.app import START

LINKS = Links("https://docket.example", "a-key-for-tests-that-is-long-enough-0123")
TOKEN = LINKS.token(Pass("casey@client.example", "MYTC-1"), START)
QUERIES = {path.stem: path.read_text() for path in (INFRA / "modules/masking").glob("*.kql")}
SECRET_ROUTES = sorted(b.route for b in bindings() if "{token}" in b.route)
# https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-transformations-kql
SUPPORTED = {
    "extract", "iif", "isempty", "isnotempty", "parse_json", "split", "strcat", "tostring",
}  # fmt: skip
EMPTY = {"Url": "", "Name": "", "OperationName": "", "Properties": {}, "Data": ""}
EMPTY_TEXTS = {"Message": "", "OuterMessage": "", "InnermostMessage": "", "Details": ""}


def stored(table: str, **record: object) -> kql.Record:
    """The record as the workspace keeps it."""
    return kql.run(QUERIES[table], EMPTY | EMPTY_TEXTS | record)


def test_there_are_routes_with_tokens_to_be_masked() -> None:
    assert {"r/{token}", "my/{token}"} <= set(SECRET_ROUTES)


@pytest.mark.parametrize("route", SECRET_ROUTES)
@pytest.mark.parametrize("token", [TOKEN, "short", TOKEN + "%20", "x~y"])
def test_an_address_with_a_token_is_stored_without_it(route: str, token: str) -> None:
    path = "/" + route.replace("{token}", token).replace("{attachment}", "a1")
    url = f"https://docket.example{path}?sent=1"
    kept = stored("AppRequests", Url=url, Name=f"GET {path}", OperationName=f"GET {path}")
    assert token not in json.dumps(kept)
    before = route.partition("{token}")[0]
    assert kept["Url"] == f"https://docket.example/{before}-"
    assert kept["Name"] == kept["OperationName"] == f"GET /{before}-"


def test_the_host_takes_addresses_in_any_case_and_so_does_the_mask() -> None:
    assert TOKEN not in stored("AppRequests", Url=f"https://docket.example/R/{TOKEN}")["Url"]
    assert TOKEN not in stored("AppRequests", Url=f"https://docket.example/My/{TOKEN}")["Url"]


@pytest.mark.parametrize(
    "query", ["code=key", "token=x", "q=casey@client.example", "requester=a&limit=5", "?", ""]
)
def test_no_query_string_is_stored(query: str) -> None:
    url = f"https://docket.example/api/hooks/email-events?{query}"
    kept = stored("AppRequests", Url=url, Name=url, OperationName=url)
    assert kept["Url"] == "https://docket.example/api/hooks/email-events"
    assert "?" not in kept["Url"] + kept["Name"] + kept["OperationName"]
    workflow = f"https://flows.example/triggers/manual/paths/invoke?{query}&sig=secret"
    kept = stored("AppDependencies", Data=workflow, Name="POST /paths/invoke", OperationName=url)
    assert kept["Data"] == "https://flows.example/triggers/manual/paths/invoke"
    assert "?" not in kept["OperationName"]


@pytest.mark.parametrize(
    "address",
    [
        "https://docket.example/", "https://docket.example/my", "https://docket.example/r",
        "https://docket.example/desk/mytc/tickets/MYTC-1", "https://docket.example/request/mytc",
        "https://docket.example/my/", "https://docket.example/error/r", "",
    ],
)  # fmt: skip
def test_other_addresses_are_stored_as_they_are(address: str) -> None:
    record = {
        "Url": address, "Name": "sweep_undelivered", "OperationName": "sweep_undelivered",
        "Properties": {"measure": "docket.outbox.age", "value": "12.5"},
    }  # fmt: skip
    kept = stored("AppRequests", **record)
    assert {name: kept[name] for name in record} == record


TEXTS = [
    f"Request starting HTTP/1.1 GET https://docket.example/r/{TOKEN} - - -",
    f"Executing HTTP request: {{'uri': '/my/{TOKEN}'}}",
    "Request starting HTTP/1.1 POST https://docket.example/api/hooks/email-events?code=abc%3D",
    '{"QueryString":"?a=b\\u0026code=abc"}',
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("AppTraces", ("Message",)),
        ("AppExceptions", ("Message", "OuterMessage", "InnermostMessage")),
        ("AppServiceAuthenticationLogs", ("Message", "Details")),
    ],
)
def test_a_text_that_holds_a_link_or_a_key_is_not_stored(
    table: str, columns: tuple[str, ...], text: str
) -> None:
    for column in columns:
        assert stored(table, **{column: text})[column] == "masked: a secret link stood here"


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("table", ["AppRequests", "AppDependencies", "AppTraces", "AppExceptions"])
def test_properties_that_hold_a_link_or_a_key_are_not_stored(table: str, text: str) -> None:
    kept = stored(table, Properties={"HttpPath": text, "other": "x"})
    assert kept["Properties"] == {"masked": "a secret link stood here"}


def test_an_exceptions_details_that_hold_a_link_are_not_stored() -> None:
    kept = stored("AppExceptions", Details=[{"message": TEXTS[0], "rawStack": "x"}])
    assert TOKEN not in json.dumps(kept)


@pytest.mark.parametrize("table", ["AppTraces", "AppExceptions"])
def test_our_own_records_are_stored_as_they_are(table: str) -> None:
    record = {
        "Message": "measured", "OperationName": "deliver_outbox",
        "Properties": {"measure": "docket.vendor.calls", "value": "1", "ticket": "MYTC-17"},
    }  # fmt: skip
    kept = stored(table, **record)
    assert {name: kept[name] for name in record} == record


@pytest.mark.parametrize("table", sorted(QUERIES))
def test_a_query_uses_nothing_but_what_a_transformation_supports(table: str) -> None:
    assert kql.functions(QUERIES[table]) <= SUPPORTED
    for pattern in kql.patterns(QUERIES[table]):
        assert not re.search(r"\(\?[=!<]|\\\d", pattern), "RE2 knows no look-around"
    assert "//" not in QUERIES[table], "the query is laid on one line"


def test_all_tables_share_the_same_two_expressions() -> None:
    assert len(set().union(*map(kql.patterns, QUERIES.values()))) == 2


def test_the_rule_holds_a_query_for_each_table_that_addresses_reach() -> None:
    file = bicep("modules/masking.bicep")
    tables = {t["name"]: t["query"] for t in file.variables["tables"]}
    assert tables == {name: f"loadTextContent('masking/{name}.kql')" for name in QUERIES}
    assert set(tables) >= {"AppRequests", "AppDependencies", "AppTraces", "AppExceptions"}
    [rule] = file.of_type("Microsoft.Insights/dataCollectionRules")
    flows = rule.body["properties"]["dataFlows"]
    assert rule.body["kind"] == "WorkspaceTransforms"
    assert flows["streams"] == ["Microsoft-Table-${table.name}"]
    assert "table.query" in flows["transformKql"]


def test_the_workspace_names_the_rule_also_while_it_is_deployed_again() -> None:
    modules = {m.symbol: m.body["params"] for m in bicep("main.bicep").modules}
    assert modules["workspace"]["maskingRuleId"] == "maskingRuleId"
    assert modules["maskedWorkspace"]["maskingRuleId"] == "masking.outputs.ruleId"
    assert modules["monitoring"]["workspaceId"] == "maskedWorkspace.outputs.id"
    given = json.loads((ROOT / "infra" / "main.parameters.json").read_text())["parameters"]
    assert given["maskingRuleId"]["value"] == "${DOCKET_MASKING_RULE_ID=}"
    assert "DOCKET_MASKING_RULE_ID" in bicep("main.bicep").outputs
