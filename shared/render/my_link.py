"""The mail that leads a person to the list of their requests."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.domain.desk import Desk
from shared.domain.words import Language, say
from shared.ports import Mail
from shared.render.cards import paragraphs
from shared.render.links import Links
from shared.render.pages import WEB
from shared.render.texts import PublicDesk

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Those of mails that no desk words for itself."""
    from jinja2 import (  # noqa: PLC0415  # few requests send this mail
        Environment,
        FileSystemLoader,
        StrictUndefined,
        select_autoescape,
    )

    env = Environment(
        loader=FileSystemLoader(WEB / "mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["paragraphs"] = paragraphs  # the common parts of mails use it
    return env


def my_link_mail(
    desk: Desk, links: Links, email: str, language: Language, now: dt.datetime, key: str
) -> Mail:
    """From that desk, to that person alone; `key` also names the message."""
    address = desk.mail.address
    values = {
        "desk": PublicDesk(name=say(desk.name, language), address=address, timezone=desk.timezone),
        "link": links.client_list(email, now),
        "language": language,
    }

    def text(part: str) -> str:
        stem, _, ending = part.partition(".")
        names = [f"my_link/{stem}.{language}.{ending}", f"my_link/{part}"]
        return templates().select_template(names).render(values).strip()

    return Mail(
        sender=address,
        sender_name=desk.mail.sender_name,
        to=((email, ""),),
        subject=text("subject.txt"),
        text=text("body.txt") + "\n",
        html=text("body.html"),
        message_id=f"<{key}@{address.partition('@')[2]}>",
        reply_to=address,
        headers=(("X-Auto-Response-Suppress", "All"), ("Auto-Submitted", "auto-generated")),
    )
