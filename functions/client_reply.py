"""A client's message on their page of a ticket."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import azure.functions as func

from functions.client_pages import client, read_form
from functions.client_ticket import FILES, FOLLOWS, KEY, TEXT, Draft, Holder, lost_link, ticket_page
from functions.pages import see_other
from functions.visit import Visit, refuse_foreign
from shared.domain import commands as cm
from shared.domain.errors import FieldError, Invalid, NotFound, Unavailable, Unknown
from shared.render.links import Pass
from shared.service import files
from shared.service.conversation import client_reply
from shared.service.files import Upload
from shared.service.handle import AlreadyDone
from shared.service.layout import Loaded


@client
async def client_ticket_reply(visit: Visit) -> func.HttpResponse:
    """Joins the conversation; what cannot be taken comes back in its box."""
    refuse_foreign(visit)
    sent, wrong = read_form(visit.req)
    try:
        holder = await Holder.of(visit)
    except NotFound:
        return lost_link(visit, sent.text(TEXT))
    if not holder.is_proven:  # the page has no box for this
        return lost_link(visit, sent.text(TEXT))
    uploads = sent.files(FILES)
    names = tuple(files.safe_name(upload.name) for upload in uploads)
    draft = Draft(sent.text(TEXT), sent.text(KEY)[:100], file_names=names)
    try:
        _check(draft.text, uploads, wrong)
        answered = await _take(holder, draft, uploads)
    except Invalid as error:
        return ticket_page(holder, replace(draft, mistakes=error.errors), 422)
    except (Unavailable, Unknown):
        found = ticket_page(holder, replace(draft, is_away=True), 503)
        found.headers["Retry-After"] = "5"
        return found
    return see_other(_next(holder, answered))


def _check(text: str, uploads: tuple[Upload, ...], wrong: tuple[FieldError, ...]) -> None:
    """Raises Invalid naming everything that is wrong."""
    found = list(wrong)
    if not text:
        found.append(FieldError(TEXT, "this answer is needed"))
    if len(text) > cm.TEXT_LIMIT:
        mend = f"shorten this to {cm.TEXT_LIMIT} characters (now {len(text)})"
        found.append(FieldError(TEXT, mend))
    try:
        files.check(uploads, FILES)
    except Invalid as error:
        found.extend(error.errors)
    if found:
        raise Invalid(*found)


async def _take(holder: Holder, draft: Draft, uploads: tuple[Upload, ...]) -> Loaded | None:
    """The ticket that holds the message now; None when it was taken before."""
    deps, number = holder.visit.deps, holder.loaded.ticket.number
    stored = await files.store(deps.blobs, uploads, public=True)
    reply = cm.Reply(command="reply", text=draft.text, attachments=stored)
    blobs = [attachment.blob for attachment in stored]
    text = json.dumps([draft.key, number, holder.actor.email, draft.text, blobs])
    keys = (("portal", hashlib.sha256(text.encode()).hexdigest()),) if draft.key else ()
    try:
        return await client_reply(deps, number, reply, holder.actor, keys=keys)
    except AlreadyDone:
        return None


def _next(holder: Holder, answered: Loaded | None) -> str:
    """Where the message can be seen: here, or on the page of the request that it became."""
    ticket = holder.loaded.ticket
    there = answered.ticket if answered else ticket
    if there.number == ticket.number or holder.actor.email not in there.participants:
        return holder.reader.link(holder.path, sent="1")
    links, now = holder.visit.app.links, holder.visit.now
    path = f"/r/{links.token(Pass(holder.actor.email, there.number), now)}"
    if there.number == ticket.merged_into:
        return holder.reader.link(path, sent="1")
    return holder.reader.link(path, new=FOLLOWS)
