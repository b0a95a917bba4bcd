"""Pages for browsers: one template environment, and addresses of static files by their content."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from shared.domain.words import say
from shared.render import cards, wording

if TYPE_CHECKING:
    from jinja2 import Environment

WEB = Path(__file__).resolve().parent.parent.parent / "web"
STATIC = WEB / "static"


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The environment of all pages. Every value is escaped, and a missing one is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    env = Environment(
        loader=FileSystemLoader(WEB / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "duration": wording.duration,
        "span": wording.span,
        "moment": wording.moment,
        "answers": wording.answers,
        "size": wording.size,
        "paragraphs": cards.paragraphs,
        "prose": prose,
        "say": say,
        "iso": iso,
        "zip_names": zip_names,
    }
    env.globals["static"] = static_url
    return env


def html(template: str, **values: object) -> str:
    """The page. `template` is a path below web/pages."""
    return templates().get_template(template).render(values)


def zip_names(ids: list[str], known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(id, English name) of each, for a choice of a desk's things."""
    return [(each, say(known[each].name, "en")) for each in ids]


def iso(at: dt.datetime) -> str:
    """For <time datetime>: ISO 8601 with Z, to the second."""
    return at.astimezone(dt.UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def prose(text: str) -> Markup:
    """Plain text as safe paragraphs whose web addresses can be followed."""
    from jinja2.utils import urlize  # noqa: PLC0415

    found = Markup("")
    for block in text.replace("\r\n", "\n").split("\n\n"):
        if block.strip():
            lines = block.strip("\n").split("\n")
            # urlize escapes the text around the addresses
            linked = (Markup(urlize(line, rel="noopener noreferrer nofollow")) for line in lines)  # noqa: S704
            found += Markup("<p>{}</p>").format(Markup("<br>").join(linked))
    return found


def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so it may be cached for long."""
    path = STATIC / name
    return f"/static/{name}?v={_digest(path, path.stat().st_mtime_ns)}"


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int) -> str:
    del changed  # part of the cache's key: an edited file gets a new address without a restart
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
