"""Whether each notice has its templates, and each template makes a mail."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.desk_check.found import Mistake
from shared.desk_check.samples import NOW, samples
from shared.domain.desk import Desk, Notice
from shared.domain.notices import OCCASIONS
from shared.render.links import Links
from shared.render.texts import DeskTexts

BASE = Path(__file__).resolve().parents[2] / "web" / "mail"
PARTS = ("subject.{}txt", "body.{}txt", "body.{}html")


@dataclass(frozen=True)
class StillClock:
    """Always the samples' time."""

    def now(self) -> dt.datetime:
        """Some time after the samples' last event."""
        return NOW + dt.timedelta(hours=1, minutes=5)


def sample_texts(folder: Path) -> DeskTexts:
    """The texts of that folder's desks, with links that lead nowhere."""
    links = Links(public_url="https://docket.example", key="k" * 32)
    return DeskTexts(desks=folder, base=BASE, links=links, clock=StillClock())


def mail_mistakes(folder: Path, desk: Desk, lines: list[int]) -> Iterator[Mistake]:
    """All notices of the desk. `lines`: where each stands in the desk's file, in their order."""
    texts = sample_texts(folder)
    for number, notice in enumerate(desk.notices):
        missing = [path for path in _wanted(folder, desk, notice) if not path.is_file()]
        for path in missing:
            yield Mistake(
                folder / desk.id / "desk.yaml",
                lines[number],
                f"notices[{number}]",
                f"the mail template {path.relative_to(folder)} is missing",
            )
        if not missing and notice.on in OCCASIONS:
            yield from _render(folder, texts, desk, notice)
    yield from _unused(folder, desk)


def _wanted(folder: Path, desk: Desk, notice: Notice) -> Iterator[Path]:
    home = folder / desk.id / "mail" / notice.id
    yield from (home / part.format("") for part in PARTS)
    if notice.audience == "client":
        for language in desk.languages:
            if language != "en":
                yield from (home / part.format(f"{language}.") for part in PARTS)


def _unused(folder: Path, desk: Desk) -> Iterator[Mistake]:
    """A folder of texts that no notice sends is most likely a notice's id written otherwise."""
    home = folder / desk.id / "mail"
    known = {notice.id for notice in desk.notices}
    for path in sorted(home.iterdir()) if home.is_dir() else ():
        if path.is_dir() and path.name not in known:
            yield Mistake(path, 1, "", f"no notice of {desk.id} has the id {path.name!r}")


def _render(folder: Path, texts: DeskTexts, desk: Desk, notice: Notice) -> Iterator[Mistake]:
    from jinja2 import TemplateError  # noqa: PLC0415  # a tool's

    for sample in samples(desk, notice):
        try:
            mail = texts.mail(desk, sample.ticket, sample.history, sample.owed, "sample")
        except TemplateError as error:
            yield _at_fault(folder, desk, notice, error)
            return
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            home = folder / desk.id / "mail" / notice.id
            yield Mistake(home, 1, "", f"fails for {sample.ticket.type}: {error}")
            return
        if sample.ticket.number not in mail.subject:
            home = folder / desk.id / "mail" / notice.id / "subject.txt"
            yield Mistake(home, 1, "", "the subject must hold the ticket's number")
            return


def _at_fault(folder: Path, desk: Desk, notice: Notice, error: Exception) -> Mistake:
    """The template and line of the failure: from the error itself, else from the way to it."""
    home = folder / desk.id / "mail" / notice.id
    name, line = getattr(error, "filename", None), getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if re.search(r"\.(txt|html)$", path):
            name, line = path, trace.tb_lineno
        trace = trace.tb_next
    return Mistake(Path(name) if name else home, line or 1, "", str(error))
