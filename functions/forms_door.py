"""Raw Microsoft Forms responses, as the Logic App hands them over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import azure.functions as func

from functions import reading
from functions.api import acknowledged
from functions.visit import Visit, api, json_body
from shared.domain.answers import Answer, read_answers
from shared.domain.desk import Desk
from shared.domain.errors import Invalid, NotFound
from shared.domain.form import Form
from shared.domain.microsoft_forms import named_files, read_response
from shared.domain.people import Actor, ActorKind
from shared.domain.rules.opening import check
from shared.domain.words import Language
from shared.service import files, form_mapping, quarantine
from shared.service.files import Upload
from shared.service.opening import Opened, Request, open_request
from shared.service.quarantine import Kept

_MISSING: dict[Language, str] = {"en": "did not arrive: %s", "fr": "non reçu : %s"}


@api
async def api_form_response(visit: Visit) -> func.HttpResponse:
    """A response becomes a ticket; one that cannot be mapped is kept whole for staff."""
    desk = visit.desk
    form = desk.form(visit.route("form"))
    if form is None:
        known = ", ".join(f.id for f in desk.forms) or "none"
        raise NotFound(f"{desk.id} has no form {visit.route('form')!r}; it has {known}")
    try:
        opened = await take_response(visit, desk, form, json_body(visit.req))
    except Invalid as error:
        await _keep(visit, desk, form, error)
        raise
    return await acknowledged(visit, desk, opened)


async def take_response(visit: Visit, desk: Desk, form: Form, body: dict[str, Any]) -> Opened:
    """The ticket that a raw response makes. Raises Invalid.

    The desk's file says what each question is; what people chose since is read when that fails.
    """
    try:
        return await _open(visit, desk, form, body)
    except Invalid:
        known = await form_mapping.chosen(visit.deps, desk, form)
        response = body.get("response")
        if not known.questions or not isinstance(response, dict):
            raise
        body = {**body, "response": form_mapping.translated(form, response, known)}
        return await _open(visit, desk, form_mapping.overlaid(form, known), body)


async def _open(visit: Visit, desk: Desk, form: Form, body: dict[str, Any]) -> Opened:
    response_id, response = body.get("responseId"), body.get("response")
    if not isinstance(response_id, str) or not 0 < len(response_id) <= 250:
        raise Invalid.of("responseId", "send the response's id as text")
    if not isinstance(response, dict):
        raise Invalid.of("response", "send the response's details as an object")
    read = read_response(form, response)
    uploads = reading.uploads(body, "files")
    command = read_answers(desk, form, read.answers, read.sender, visit.now, source="form")
    check(desk, command)
    missing = _not_received(form, read.answers, uploads, command.language)
    stored, raw = await asyncio.gather(
        files.store(visit.deps.blobs, uploads, public=True),
        form_mapping.keep_raw(visit.deps, desk, form, response),
    )
    fields = command.fields | missing
    command = command.model_copy(update={"attachments": stored, "fields": fields, **raw})
    sender = command.submitted_by or command.requester
    actor = Actor(kind=ActorKind.CLIENT, email=sender.email, name=sender.name)
    keys = (("form", f"{form.id}:{response_id}"),)
    request = Request(command, actor, keys, reading.fingerprint(response))
    return await open_request(visit.deps, desk, request, waits=False)


def _not_received(
    form: Form, answers: Mapping[str, Answer], uploads: Sequence[Upload], language: Language
) -> dict[str, str]:
    """What the response names as uploaded and the flow did not hand over, by question: the client
    reads it in the confirmation, and staff on the ticket, instead of nobody knowing."""
    came = [upload.name for upload in uploads]
    told = {}
    for question in form.fields:
        if question.kind == "files" and len(named := named_files(answers.get(question.id, ""))):
            left = [name for name in named if name not in came]
            if left and len(named) > len(came):
                told[question.id] = _MISSING[language] % ", ".join(left)
    return told


async def _keep(visit: Visit, desk: Desk, form: Form, error: Invalid) -> None:
    kept = Kept(source="form", form=form.id, at=visit.now, reason=str(error)[:500])
    await quarantine.keep(visit.deps, desk, kept, visit.req.get_body(), error.errors)
