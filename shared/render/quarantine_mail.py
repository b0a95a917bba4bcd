"""The mail that tells a lead what waits in quarantine."""

from __future__ import annotations

from shared.domain.desk import Desk, Member
from shared.domain.words import say
from shared.ports import Mail
from shared.render.links import Links
from shared.render.my_link import templates


def quarantine_mail(
    desk: Desk, links: Links, lead: Member, waiting: int, key: str, *, more: bool
) -> Mail:
    """From the desk to that lead; `key` also names the message. `more`: than `waiting`."""
    address = desk.mail.address
    count = f"{waiting}{'+' if more else ''}"
    one = waiting == 1 and not more
    values = {
        "desk_name": say(desk.name, "en"),
        "words": f"{count} {'request or mail waits' if one else 'requests or mails wait'}",
        "link": f"{links.public_url}/desk/{desk.id}/quarantine",
        "language": "en",
    }

    def text(part: str) -> str:
        return templates().get_template(f"quarantine/{part}").render(values).strip()

    return Mail(
        sender=address,
        sender_name=desk.mail.sender_name,
        to=((lead.email, lead.name),),
        subject=text("subject.txt"),
        text=text("body.txt") + "\n",
        html=text("body.html"),
        message_id=f"<{key}@{address.partition('@')[2]}>",
        headers=(("X-Auto-Response-Suppress", "All"), ("Auto-Submitted", "auto-generated")),
    )
