"""The API's list of tickets."""

from __future__ import annotations

import json

from tests.functions.conftest import HOLLY, Doors
from tests.functions.test_bad_input import GOOD, REQUESTS

TOLD = {
    "number", "title", "type", "state", "severity", "environment", "requester", "assignee",
    "source", "created_at", "updated_at", "due", "first_response_due", "resolution_due", "paused",
    "asked", "decision", "merged_into", "mirror", "version", "policy", "desk", "state_name", "url",
}  # fmt: skip


async def test_a_listed_ticket_tells_its_facts_and_not_what_serves_the_console_alone(
    doors: Doors,
) -> None:
    await doors.call(REQUESTS, GOOD)
    answer = await doors.call("/api/desks/mytc/tickets", by=HOLLY, method="GET")
    (ticket,) = json.loads(answer.body)["tickets"]
    assert set(ticket) == TOLD
