"""Another system's reference makes one ticket; what is sent under it again is not lost."""

from __future__ import annotations

import json
from typing import Any

from shared.service import reads
from tests.functions.conftest import Doors

REQUESTS = "/api/desks/mytc/requests"
BODY = {
    "title": "Sign-in",
    "description": "It fails",
    "type": "production_issue",
    "environment": "production",
    "severity": "high",
    "requester": {"name": "Casey", "email": "casey@client.example"},
    "external_refs": [{"system": "orion", "ref": "OR-1", "url": "https://orion.example/OR-1"}],
}
OTHER = {
    "title": "Invoices are gone",
    "description": "All of May",
    "requester": {"name": "Robin", "email": "robin@client.example"},
}


async def sent(doors: Doors, **changes: Any) -> dict[str, Any]:
    answer = await doors.call(REQUESTS, BODY | changes)
    found: dict[str, Any] = json.loads(answer.body)
    return found | {"status": answer.status}


async def notes(doors: Doors) -> list[str]:
    history = (await reads.find(doors.app.deps, "MYTC-1")).history
    return [r.event.text for r in history if r.event.kind == "noted"]


async def test_other_words_under_a_known_reference_become_a_work_note_once(doors: Doors) -> None:
    await sent(doors)
    for _ in range(2):
        assert (await sent(doors, **OTHER))["number"] == "MYTC-1"
    [note] = await notes(doors)
    assert all(word in note for word in ("Robin", "Invoices are gone", "All of May"))


async def test_the_same_request_again_leaves_no_note(doors: Doors) -> None:
    first, second = await sent(doors), await sent(doors)
    assert (first["status"], second["status"]) == (201, 200)
    assert await notes(doors) == []


async def test_nobody_gets_somebody_elses_link_for_knowing_their_reference(doors: Doors) -> None:
    first, second = await sent(doors), await sent(doors, **OTHER)
    assert "/r/" in first["url"]
    assert "/r/" not in second["url"]
