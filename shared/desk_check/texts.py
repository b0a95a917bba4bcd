"""Whether clients find every text in each of the desk's languages."""

from __future__ import annotations

from collections.abc import Iterator

from shared.desk_check.found import Place, Problem
from shared.domain.desk import Desk
from shared.domain.words import Language

type Texts = dict[Language, str] | None


def text_problems(desk: Desk) -> Iterator[Problem]:
    """Texts that a client would read in another language than the request's."""
    for place, words in _public(desk):
        for language in desk.languages:
            if words is not None and not words.get(language):
                yield Problem(place, f"clients read it in {language}, too: add the text")


def _public(desk: Desk) -> Iterator[tuple[Place, Texts]]:
    yield ("name",), desk.name if len(desk.name) > 1 else None  # one name may do for all
    yield ("intro",), desk.intro
    for number, severity in enumerate(desk.severities):
        yield ("severities", number, "name"), severity.name
        yield ("severities", number, "definition"), severity.definition
    for number, environment in enumerate(desk.environments):
        yield ("environments", number, "name"), environment.name
    for number, kind in enumerate(desk.request_types):
        place: Place = ("request_types", number)
        yield (*place, "name"), kind.name
        yield (*place, "description"), kind.description
        for n, state in enumerate(kind.states):
            field = "public_name" if state.public_name else "name"
            yield (*place, "states", n, field), state.public_name or state.name
    yield from _forms(desk)


def _forms(desk: Desk) -> Iterator[tuple[Place, Texts]]:
    for number, form in enumerate(desk.forms):
        yield ("forms", number, "title"), form.title
        yield ("forms", number, "intro"), form.intro
        for n, field in enumerate(form.fields):
            place: Place = ("forms", number, "fields", n)
            yield (*place, "label"), field.label
            yield (*place, "help"), field.help
            for m, option in enumerate(field.options):
                yield (*place, "options", m, "label"), option.label
