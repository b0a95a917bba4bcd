"""All checks of all desks of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shared.config import DESK_FILE, desk_files
from shared.desk_check.flows import flow_problems
from shared.desk_check.forms import form_problems
from shared.desk_check.found import Mistake, Problem, field_name
from shared.desk_check.lines import Source, read_source
from shared.desk_check.mails import mail_mistakes
from shared.desk_check.references import reference_problems
from shared.desk_check.shape import shape_problems
from shared.desk_check.texts import text_problems
from shared.domain.desk import Desk

MODELINE = "# yaml-language-server: $schema=../desk.schema.json"


def check_desks(folder: Path, *, mails: bool = True) -> list[Mistake]:
    """Every mistake, by file and line; none when all desks can be used.

    `mails=False` leaves the templates alone, which takes most of the time.
    """
    files = desk_files(folder)
    if not files:
        return [Mistake(folder, 1, "", f"no desk here; each is a folder with a {DESK_FILE}")]
    found: list[Mistake] = []
    desks: list[tuple[Path, Source, Desk]] = []
    for path in files:
        source, desk, mistakes = _check_file(path, mails=mails)
        found.extend(mistakes)
        if desk is not None:
            desks.append((path, source, desk))
    found.extend(_shared(desks))
    return sorted(set(found))


def _check_file(path: Path, *, mails: bool) -> tuple[Source, Desk | None, list[Mistake]]:
    try:
        text = path.read_text("utf-8")
    except UnicodeError as error:
        return Source(), None, [Mistake(path, 1, "", f"this is no UTF-8 text: {error}")]
    source = read_source(text)
    if source.problems and source.data is None:
        return source, None, [_mistake(path, source, each) for each in source.problems]
    desk, problems = shape_problems(source.data)
    if desk is not None:
        problems = [*problems, *_meaning(path, text, desk)]
    found = [_mistake(path, source, each) for each in (*source.problems, *problems)]
    if mails and desk is not None and desk.id == path.parent.name:
        lines = [source.line_of(("notices", number)) for number in range(len(desk.notices))]
        found.extend(mail_mistakes(path.parent.parent, desk, lines))
    return source, desk, found


def _meaning(path: Path, text: str, desk: Desk) -> Iterator[Problem]:
    if desk.id != path.parent.name:
        yield Problem(("id",), f"{desk.id!r} must be the folder's name, {path.parent.name!r}")
    if not text.startswith(MODELINE):
        yield Problem((), f"begin the file with `{MODELINE}`, so that editors help", 1)
    yield from reference_problems(desk)
    yield from flow_problems(desk)
    yield from form_problems(desk)
    yield from text_problems(desk)


def _shared(desks: list[tuple[Path, Source, Desk]]) -> Iterator[Mistake]:
    """Desks must not take each other's prefix or mailbox."""
    seen: dict[str, str] = {}
    for path, source, desk in desks:
        for place, value in ((("prefix",), desk.prefix), (("mail", "address"), desk.mail.address)):
            if value in seen:
                problem = Problem(place, f"{value!r} is the desk {seen[value]}'s already")
                yield _mistake(path, source, problem)
            seen.setdefault(value, desk.id)


def _mistake(path: Path, source: Source, problem: Problem) -> Mistake:
    line = problem.line or source.line_of(problem.place)
    return Mistake(path, line, field_name(problem.place), problem.message)
