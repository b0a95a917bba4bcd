"""Many escalations in one mail or one post."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from shared.domain.desk import Desk
from shared.domain.effects import Digest, DigestLine
from shared.domain.words import say
from shared.ports import Post
from shared.render import promises
from shared.render.links import Links


@dataclass(frozen=True)
class Told:
    """One ticket in words. `what`: the rung or reminder, with its due time."""

    number: str
    title: str
    severity: str
    is_production: bool
    what: str
    link: str


def values(desk: Desk, links: Links, digest: Digest) -> dict[str, object]:
    """What the templates of a digest show. For members of the desk only."""
    return {
        "desk_name": say(desk.name, "en"),
        "count": digest.count,
        "lines": [_told(desk, links, line) for line in digest.lines],
        "more": digest.more,
        "link": _overdue(desk, links),
        "language": "en",
    }


def _overdue(desk: Desk, links: Links) -> str:
    return f"{links.public_url}/desk/{desk.id}?view=overdue"


def _told(desk: Desk, links: Links, line: DigestLine) -> Told:
    severity = desk.severity_by_id.get(line.severity)
    return Told(
        number=line.number,
        title=line.title,
        severity=say(severity.name, "en") if severity else line.severity,
        is_production=line.is_production,
        what=promises.in_words(desk, line, line.at),
        link=links.staff_ticket(desk.id, line.number),
    )


def post(desk: Desk, links: Links, digest: Digest) -> Post:
    """The digest for a channel."""
    count = digest.count
    words = f"{count} ticket needs attention" if count == 1 else f"{count} tickets need attention"
    items = Markup("").join(
        Markup('<li><a href="{}">{}</a> {}: {}<br>{}</li>').format(
            told.link, told.number, told.severity, told.title, told.what
        )
        for told in (_told(desk, links, line) for line in digest.lines)
    )
    more = ""
    if digest.more:
        more = Markup("<p>And {} more: {}</p>").format(len(digest.more), ", ".join(digest.more))
    link = Markup('<p><a href="{}">All that is overdue</a></p>').format(_overdue(desk, links))
    return Post(html=str(Markup("<p>{}</p><ul>{}</ul>{}{}").format(words, items, more, link)))
