"""Whether a form can be filled in, and makes a request that the desk knows."""

from __future__ import annotations

from collections.abc import Iterator

from shared.desk_check.found import Place, Problem, nearest, unknown
from shared.desk_check.references import repeated
from shared.domain.desk import Desk
from shared.domain.form import Form, FormField

_KINDS = {
    "title": {"text"},
    "description": {"long_text", "text"},
    "type": {"choice"},
    "environment": {"choice"},
    "severity": {"choice"},
    "language": {"choice"},
    "requester_email": {"email"},
    "requester_name": {"text"},
    "attachments": {"files"},
}
_ALWAYS = ("description", "requester_email")


def form_problems(desk: Desk) -> Iterator[Problem]:
    """All of the desk's forms."""
    for number, form in enumerate(desk.forms):
        place: Place = ("forms", number)
        yield from repeated((f.id for f in form.fields), (*place, "fields"), "id")
        yield from _question_ids(form, place)
        yield from _parts(form, place)
        for n, field in enumerate(form.fields):
            here = (*place, "fields", n)
            yield from _shown(form, n, here)
            yield from _options(desk, field, here)


def _question_ids(form: Form, place: Place) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for number, field in enumerate(form.fields):
        if field.question_id in seen:
            other = seen[field.question_id]
            here = (*place, "fields", number, "question_id")
            yield Problem(here, f"the field {other} has the same question_id")
        elif field.question_id:
            seen[field.question_id] = field.id
        elif form.microsoft_form_url:
            here = (*place, "fields", number)
            yield Problem(here, "with a Microsoft Form every field needs its question_id")


def _parts(form: Form, place: Place) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for number, field in enumerate(form.fields):
        if field.part is None:
            continue
        here = (*place, "fields", number, "part")
        if field.part in seen:
            yield Problem(here, f"the field {seen[field.part]} fills {field.part} already")
        seen[field.part] = field.id
        if field.kind not in _KINDS[field.part]:
            kinds = " or ".join(sorted(_KINDS[field.part]))
            yield Problem(here, f"a field that fills {field.part} is of kind {kinds}")
        if field.part == "description" and (not field.required or field.show_when):
            yield Problem(here, "the description is always needed: required, without show_when")
    for part in _ALWAYS:
        if part not in seen:
            yield Problem((*place, "fields"), f"no field fills {part} (`part: {part}`)")


def _shown(form: Form, number: int, here: Place) -> Iterator[Problem]:
    when = form.fields[number].show_when
    if when is None:
        return
    earlier = {f.id: f for f in form.fields[:number]}
    asked = earlier.get(when.field)
    if asked is None:
        later = any(f.id == when.field for f in form.fields)
        why = "comes later; move it before this one" if later else "is no field of this form"
        hint = "" if later else nearest(when.field, earlier)
        yield Problem((*here, "show_when", "field"), f"{when.field!r} {why}{hint}")
        return
    known = [option.id for option in asked.options]
    if not known:
        yield Problem((*here, "show_when", "field"), f"{asked.id} has no options to depend on")
    for n, name in enumerate(when.any_of):
        if name not in known:
            yield unknown((*here, "show_when", "in", n), name, f"option of {asked.id}", known)


def _options(desk: Desk, field: FormField, here: Place) -> Iterator[Problem]:
    yield from repeated((option.id for option in field.options), (*here, "options"), "id")
    yield from _alike(field, here)
    offered = [kind.id for kind in desk.request_types if kind.offered]
    known: dict[str, tuple[str, list[str]]] = {
        "type": ("request type that is offered", offered),
        "environment": ("environment", list(desk.environment_by_id)),
        "severity": ("severity", list(desk.severity_by_id)),
        "language": ("language of this desk", list(desk.languages)),
    }
    what, names = known.get(field.part or "", ("", []))
    for number, option in enumerate(field.options if what else ()):
        if option.id not in names:
            yield unknown((*here, "options", number, "id"), option.id, what, names)


def _alike(field: FormField, here: Place) -> Iterator[Problem]:
    """Microsoft Forms answers with labels, so that no two options may share one."""
    seen: dict[str, str] = {}
    for number, option in enumerate(field.options):
        for label in option.label.values():
            owner = seen.setdefault(label.casefold(), option.id)
            if owner != option.id:
                place = (*here, "options", number, "label")
                yield Problem(place, f"{label!r} is the label of {owner} already")
