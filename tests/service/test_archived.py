"""An archived ticket and those who still name it."""

from __future__ import annotations

from shared.adapters.backlog_news import ItemNews
from shared.domain import commands as cm
from shared.domain.people import Person
from shared.domain.ticket import ExternalRef
from shared.service.archive import archive
from shared.service.item_news import receive
from shared.service.opening import Opened, Request, open_request
from tests.operations.journey import CASEY, HOLLY, client, order
from tests.support.app import MemoryApp, memory_app

ORION = ExternalRef(system="ORION", ref="4711")


async def _sent(app: MemoryApp, person: Person = CASEY) -> Opened:
    """ORION's request, the same each time."""
    command = cm.Open(
        type="production_issue",
        title="Sign-in fails",
        description="Nobody can sign in.",
        environment="production",
        severity="high",
        requester=person,
        external_refs=(ORION,),
        source="api",
    )
    keys = (("ref", f"{ORION.system}:{ORION.ref}"),)
    desk = app.deps.desk("mytc")
    return await open_request(app.deps, desk, Request(command, client(person), keys))


async def _archived(app: MemoryApp) -> tuple[str, str]:
    """The number of ORION's request, closed and archived long ago, and that of its work item."""
    number = (await _sent(app)).loaded.ticket.number
    await app.deliver_all()
    for state in ("in_planning", "resolved", "closed"):
        closed = await order(app, number, HOLLY, cm.Move(command="move", to=state))
    await app.deliver_all()
    app.clock.advance(days=50)
    assert await archive(app.deps, app.deps.desk("mytc")) == 1
    assert closed.ticket.mirror
    return number, closed.ticket.mirror.id


async def test_the_same_reference_again_leads_to_the_archived_ticket() -> None:
    app = memory_app()
    number, _ = await _archived(app)
    again = await _sent(app)
    assert (again.loaded.ticket.number, again.is_new) == (number, False)


async def test_late_news_of_its_work_item_are_no_failure() -> None:
    app = memory_app()
    _, item = await _archived(app)
    news = ItemNews("azure_devops", item, "late", state="Closed", by_name="Dana Kim")
    assert not await receive(app.deps, news, frozenset())
