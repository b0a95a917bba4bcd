"""Commands from the console's forms: the same service call as the API's, then back to the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import azure.functions as func

from functions import console_history as history
from functions import console_people as people
from functions import reading
from functions.console import enter
from functions.console_board import board_page
from functions.console_done import done
from functions.console_merge import ask_before_merging
from functions.console_ticket import Refusal, by_others, loaded_for, own_number, ticket_page
from functions.pages import Form, form_values, is_partial, page, see_other, trigger
from functions.visit import Visit
from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import Refused, Stale
from shared.domain.people import Actor
from shared.service import conversation, store

# What only adds to a ticket overwrites nobody's work, so another's change does not stop it.
ADDING = frozenset({"note", "opine", "watch", "unwatch", "link", "seen", "refresh_preprod"})
AGAIN = 4
_HIDDEN = frozenset({"command", "attachments", "mentions", "message_id"})


def body_of(form: Form) -> dict[str, Any]:
    """The form as the command's body: only the command's own fields, empty ones left out."""
    name = form.text("command")
    body: dict[str, Any] = {"command": name}
    for field in reading.COMMANDS.get(name, frozenset()) - _HIDDEN:
        if form.text(field):
            body[field] = form.text(field)
    if name == "assign":
        body["assignee"] = form.text("take_it") or form.text("assignee") or None
    if name == "approve_change":
        body["accept_findings"] = form.text("accept_findings") == "yes"
    if name == "decide":
        items = _items(form)
        body |= {"work_items": items} if items else {}
    return body


def _items(form: Form) -> list[dict[str, str]]:
    """Work items to be made: kinds and titles come in pairs, a pair without title says nothing."""
    pairs = zip(form.all("item_kind"), form.all("item_title"), strict=False)
    return [{"kind": kind, "title": title.strip()} for kind, title in pairs if title.strip()]


def form_key(form: Form) -> str:
    """Which form of the page this was: changes have forms of their own each."""
    change = form.text("change")
    return f"{form.text('command')}:{change}" if change else form.text("command")


@page
async def desk_ticket_command(visit: Visit) -> func.HttpResponse:
    """A member's command. Refused: the page again, with the reason beside the form."""
    desk, actor, _ = enter(visit, "list")
    number = own_number(visit)
    form = form_values(visit.req)
    to_board = form.text("back") == "board"
    try:
        await ask_before_merging(visit, number, form)
        made = await carry_out(visit, actor, form)
    except Refused as error:
        loaded = await loaded_for(visit, seen=False)
        new = by_others([r for r in loaded.history if r.seq > _version(form)], actor.email)
        told = tuple(history.lines(desk, loaded.ticket, new)) if isinstance(error, Stale) else ()
        refusal = Refusal.of(form_key(form), error, form, told)
        if to_board:
            return await board_page(visit, refusal.status, number, str(error))
        return ticket_page(visit, loaded, refusal)
    if not is_partial(visit):
        return see_other(f"/desk/{desk.id}/{'board' if to_board else f'tickets/{number}'}")
    return await _page_after(visit, actor, made, to_board=to_board)


async def _page_after(
    visit: Visit, actor: Actor, made: Sequence[ev.Recorded], *, to_board: bool
) -> func.HttpResponse:
    """The page as it is now, for a script that stays on it, with what was done in words."""
    loaded = await loaded_for(visit, seen=not to_board)
    clients = people.audience(visit.desk, loaded.ticket, actor, visit.now).clients
    found = await board_page(visit) if to_board else ticket_page(visit, loaded)
    if words := done(visit.desk, loaded.ticket, made, clients):
        found.headers.update(trigger(**{"docket:done": {"text": words}}))
    return found


def _version(form: Form) -> int:
    return reading.whole(form.text("version")) or 0


async def carry_out(visit: Visit, actor: Actor, form: Form) -> tuple[ev.Recorded, ...]:
    """The command, once, on the ticket that the person saw: what it brought about.

    Raises a Refused.

    When only Docket or the person themself changed the ticket meanwhile, the command goes on from
    there; a text that the same person sent just before (a form sent twice) is not said again.
    """
    command = reading.staff_command(body_of(form))
    number = visit.route("number")
    version: int | None = _version(form) or None
    uploads = form.files("attachments")
    for _ in range(AGAIN):
        try:
            after = await conversation.staff_command(
                visit.deps, number, command, actor, uploads=uploads, version=version
            )
        except Stale as error:
            loaded = await store.load_from(
                visit.deps.rows, visit.desk.id, number, _version(form) + 1
            )
            new = [r for r in loaded.history if r.seq > _version(form)]
            if _was_said(new, command, actor):
                return tuple(r for r in new if r.by.email == actor.email)
            if not _goes_on(form) and by_others(new, actor.email):
                raise Stale(_told(len(by_others(new, actor.email)))) from error
            version = loaded.ticket.version
        else:
            return tuple(r for r in after.history if version and r.seq > version)
    raise Stale("the ticket changes too quickly just now; look at it again")


def _goes_on(form: Form) -> bool:
    """Whether another's change does not stop the command: nobody reads a ticket on the board."""
    return form.text("command") in ADDING or form.text("back") == "board"


def _told(count: int) -> str:
    changed = "somebody changed the ticket" if count == 1 else "the ticket was changed"
    return f"{changed} while you were writing; read what is new, then send it again"


def _was_said(new: list[ev.Recorded], command: cm.StaffCommand, actor: Actor) -> bool:
    if not isinstance(command, cm.Reply | cm.Note):
        return False
    kind = ev.Replied if isinstance(command, cm.Reply) else ev.Noted
    mine = (r.event for r in new if r.by.email == actor.email)
    return any(isinstance(event, kind) and event.text == command.text for event in mine)
