"""A desk whose items are in Azure DevOps: its mirror and items there are linked, each pair once."""

from __future__ import annotations

from typing import Any, cast

import pytest

from shared.adapters.azure_devops import AzureDevOps
from shared.service import layout as ly
from shared.service import reads
from shared.service.sweep import sweep_outbox
from tests.adapters.control import Control
from tests.pages.console_stage import HOLLY, MARIA, Stage
from tests.support.app import memory_app

RELATED, HYPERLINK = "System.LinkTypes.Related", "Hyperlink"


@pytest.fixture
def desk(devops: AzureDevOps, fresh: str) -> Stage:
    """The desk in an organisation of its own, since numbers begin anew."""
    app = memory_app()
    app.vendors.tool = cast("Any", devops)
    usual = app.deps.desks["mytc"]
    assert usual.backlog
    backlog = usual.backlog.model_copy(update={"organisation": fresh})
    app.deps.desks["mytc"] = usual.model_copy(update={"backlog": backlog})
    return Stage(app)


async def settle(desk: Stage) -> None:
    """All that waits is tried again, until it is well."""
    for _ in range(4):
        await desk.app.deliver_all()
        desk.app.clock.advance(minutes=10)
        await sweep_outbox(desk.app.deps, "mytc")
    await desk.app.deliver_all()


async def proceeds(desk: Stage, number: str, word: str) -> None:
    pbi = [{"kind": "pbi", "title": f"Mend it {word}"}]
    await desk.give(number, MARIA, "decide", decision="proceed", reason="Ours.",
                    urgency="handle_during_sprint", work_items=pbi)  # fmt: skip


def relations(tenant: Control, word: str, rel: str) -> dict[str, list[str]]:
    """The ends of the items' relations, by title."""
    return {
        i["fields"]["System.Title"]: [
            r["url"].rpartition("/")[2] for r in i["relations"] if r["rel"] == rel
        ]
        for i in tenant.work_items(word)
    }


@pytest.mark.parametrize("after_effect", [True, False])
async def test_an_outage_leaves_the_mirror_and_the_item_linked_once(
    desk: Stage, tenant: Control, fresh: str, after_effect: bool
) -> None:
    order = {"method": "POST", "path": "*/workitems/$*", "status": 503, "times": 2}
    tenant.fault("azure-devops", **order, after_effect=after_effect)
    number = await desk.opened(title=f"Sign-in fails {fresh}")
    await proceeds(desk, number, fresh)
    await settle(desk)
    mirror, item = sorted((await desk.ticket(number)).work_items, key=lambda i: not i.mirror)
    assert relations(tenant, fresh, RELATED) == {
        f"[{number}] Sign-in fails {fresh}": [item.id],
        f"Mend it {fresh}": [mirror.id],
    }


async def test_an_item_is_made_beside_a_deleted_mirror_and_a_note_says_so(
    desk: Stage, tenant: Control, fresh: str
) -> None:
    number = await desk.opened(title=f"Sign-in fails {fresh}")
    await desk.app.deliver_all()
    mirror = (await desk.ticket(number)).mirror
    assert mirror
    tenant.control("DELETE", f"/work-items/{mirror.id}")
    await proceeds(desk, number, fresh)
    await desk.give(number, HOLLY, "reply", text="We are at it.")
    await settle(desk)
    assert relations(tenant, fresh, RELATED) == {f"Mend it {fresh}": []}
    [[link]] = relations(tenant, fresh, HYPERLINK).values()
    assert link == number
    history = (await reads.find(desk.app.deps, number)).history
    notes = [getattr(r.event, "text", "") for r in history]
    assert (
        len([n for n in notes if f"{mirror.id}, which stands for this ticket, is gone" in n]) == 1
    )
    for waiting in ("outbox", "dead"):
        rows = await desk.app.rows.scan("mytc", f"{waiting}|", f"{waiting}{ly.END}")
        assert rows == []
