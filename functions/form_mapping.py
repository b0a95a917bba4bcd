"""Questions of a Microsoft Form beside the fields that they fill, and choices for new ones."""

from __future__ import annotations

from dataclasses import dataclass

import azure.functions as func

from functions.console import address, enter
from functions.forms_door import take_response
from functions.pages import form_values, page, render, see_other
from functions.visit import Visit
from shared.domain.desk import Desk
from shared.domain.errors import Forbidden, Invalid, NotFound
from shared.domain.form import Form, FormField
from shared.domain.people import Actor, Role
from shared.service import form_mapping, quarantine
from shared.service.form_mapping import IGNORED, Chosen, RawResponse, TakenResponse

MAY = frozenset({Role.ADMIN, Role.LEAD})
QUESTION = "question:"  # begins the names of the choices in the page's form


@dataclass(frozen=True)
class FormView:
    """A form with its fields' questions and the responses that wait."""

    form: Form
    chosen: Chosen
    responses: list[RawResponse]
    taken: list[TakenResponse]

    def questions(self, field: FormField) -> list[tuple[str, str]]:
        """The questions that fill the field, each with who says so."""
        chosen = [q for q, field_id in self.chosen.questions.items() if field_id == field.id]
        by_file = [(field.question_id, "the desk's file")] if field.question_id else []
        return [*by_file, *((question, "this page") for question in chosen)]


async def _view(visit: Visit, desk: Desk, form: Form) -> FormView:
    chosen = await form_mapping.chosen(visit.deps, desk, form)
    waiting = await form_mapping.responses(visit.deps, desk, form)
    taken = await form_mapping.taken(visit.deps, desk, form)
    return FormView(form, chosen, waiting, taken)


def _only_for_leads(actor: Actor) -> None:
    if not actor.has_role(MAY):
        raise Forbidden("questions are mapped by the desk's lead or an administrator")


@page
async def desk_forms(visit: Visit) -> func.HttpResponse:
    """The desk's forms; raw responses that could not be read, answer by answer."""
    desk, actor, shell = enter(visit, "forms")
    _only_for_leads(actor)
    return render(
        visit,
        "console/form_mapping.html",
        shell=shell,
        desk=desk,
        forms=[await _view(visit, desk, form) for form in desk.forms],
        ignored=IGNORED,
        prefix=QUESTION,
        taken=visit.query("taken"),
        left=visit.query("left"),
    )


@page
async def desk_forms_choose(visit: Visit) -> func.HttpResponse:
    """Keeps the choices, then tries every response of the form that waits."""
    desk, actor, _ = enter(visit, "forms")
    _only_for_leads(actor)
    form = desk.form(visit.route("form"))
    if form is None:
        raise NotFound(f"{desk.id} has no form {visit.route('form')!r}")
    sent = form_values(visit.req)
    chosen = {
        name.removeprefix(QUESTION): sent.text(name)
        for name in sent.values
        if name.startswith(QUESTION) and sent.text(name)
    }
    if chosen:
        await form_mapping.choose(visit.deps, desk, form, chosen)
    taken, left = await _try_again(visit, desk, form)
    return see_other(address(f"/desk/{desk.id}/forms", taken=str(taken), left=str(left)))


async def _try_again(visit: Visit, desk: Desk, form: Form) -> tuple[int, int]:
    """How many responses became tickets now, and how many still do not."""
    waiting = await form_mapping.responses(visit.deps, desk, form)
    taken = 0
    for response in waiting:
        content = await quarantine.raw(visit.deps, desk, response.key)
        try:
            await take_response(visit, desk, form, form_mapping.body_of(content))
        except Invalid:
            continue  # it stays, with its reason
        await quarantine.release(visit.deps, desk, response.key)
        taken += 1
    return taken, len(waiting) - taken
