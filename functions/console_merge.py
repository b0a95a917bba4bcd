"""Merging cannot be undone and shows clients each other's words, so the page asks once more."""

from __future__ import annotations

from functions.pages import Form
from functions.visit import Visit
from shared.domain.errors import Invalid, NotFound
from shared.domain.ticket import Ticket
from shared.service import reads


async def ask_before_merging(visit: Visit, number: str, form: Form) -> None:
    """Raises Invalid that says who will read what, until the form says that this was meant.

    A number that cannot be merged into is left to the command's own refusal.
    """
    into = form.text("into").upper()
    if form.text("command") != "merge" or form.text("confirmed").upper() == into:
        return
    try:
        if visit.deps.desk_of(into).id != visit.desk.id:
            return
        there = (await reads.find(visit.deps, into)).ticket
    except NotFound:
        return
    here = (await reads.find(visit.deps, number)).ticket
    raise Invalid.of("into", _question(here, there, set(visit.desk.member_by_email)))


def _question(here: Ticket, there: Ticket, members: set[str]) -> str:
    known = f"{there.number} is “{there.title}” by {there.requester.label}"
    joining = sorted(here.participants - there.participants - members)
    if not joining:
        return f"{known}. Press Merge once more if you mean that one."
    return (
        f"{known}. {', '.join(joining)} will read all of its public conversation and files, "
        "and answer there. Press Merge once more if that is right."
    )
