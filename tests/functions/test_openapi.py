"""The API's description names every door of the API, and what each answers."""

from __future__ import annotations

from functions.doors import DOORS, Http
from functions.openapi import description

PATHS = description("http://docket.test")["paths"]


def test_every_door_of_the_api_is_described_and_nothing_else() -> None:
    doors = [d for doors in DOORS.values() for d in doors if isinstance(d, Http)]
    routes = {(f"/{d.route}", m.lower()) for d in doors for m in d.methods.split()}
    own = {r for r in routes if r[0].startswith("/api/") and not r[0].startswith("/api/hooks/")}
    described = {(path, method) for path, methods in PATHS.items() for method in methods}
    assert described == own - {("/api/openapi.json", "get")}


def test_a_raw_mail_is_described_as_a_file() -> None:
    call = PATHS["/api/tickets/{number}/mails/{seq}"]["get"]
    assert [p["name"] for p in call["parameters"]] == ["number", "seq", "text"]
    assert list(call["responses"]["200"]["content"]) == ["application/octet-stream"]
    assert call["security"] == [{"staff": []}]
