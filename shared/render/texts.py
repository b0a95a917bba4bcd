"""What a commit owes, as mails, posts and work items. Client mail takes public values only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.mentions import spelled_out
from shared.domain.past import type_of
from shared.domain.people import Frozen, Role
from shared.domain.public import PublicMessage, PublicTicket, environment_asked, public_ticket
from shared.domain.sla import clocks
from shared.domain.ticket import Ticket, Urgency
from shared.domain.words import say
from shared.ports import ChatMention, Clock, Mail, NewItem, Post
from shared.render import cards, digest_text, promises, wording
from shared.render.links import Links

if TYPE_CHECKING:
    from jinja2 import Environment


class PublicDesk(Frozen):
    """What a client's mail may say of the desk."""

    name: str
    address: str
    timezone: str


class PublicSeverity(Frozen):
    """A severity's promise, in words."""

    name: str
    definition: str
    response: str
    resolution: str
    counts: bool  # whether it is the ticket's own
    round_the_clock: bool  # whether its targets count all hours


@dataclass(frozen=True)
class DeskTexts:
    """The texts of all desks. `desks` is their folder, `base` that of the mails' common parts."""

    desks: Path
    base: Path
    links: Links
    clock: Clock

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import (  # noqa: PLC0415  # templates are rendered by workers, not at intake
            Environment,
            FileSystemLoader,
            StrictUndefined,
            select_autoescape,
        )

        env = Environment(
            loader=FileSystemLoader([self.desks, self.base]),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        env.filters |= {
            "duration": wording.duration,
            "moment": wording.moment,
            "answers": wording.answers,
            "size": wording.size,
            "paragraphs": cards.paragraphs,
        }
        return env

    def mail(
        self,
        desk: Desk,
        ticket: Ticket,
        history: tuple[ev.Recorded, ...],
        owed: ef.MailOwed,
        key: str,
    ) -> Mail:
        """The mail of a notice, for one person. Client notices see nothing but public values."""
        folder = f"{desk.id}/mail/{owed.notice}"
        if owed.digest:
            values, folder = digest_text.values(desk, self.links, owed.digest), "digest"
        elif owed.audience == "client":
            values = self._client_values(desk, ticket, history, owed)
        else:
            values = self._staff_values(desk, ticket, history, owed)
        address = desk.mail.address
        thread = self._thread(desk, ticket, owed)
        return Mail(
            sender=address,
            sender_name=desk.mail.sender_name,
            to=((owed.to.email, owed.to.name),),
            subject=" ".join(self._text(folder, "subject", "txt", owed.language, values).split()),
            text=self._text(folder, "body", "txt", owed.language, values).strip() + "\n",
            html=self._text(folder, "body", "html", owed.language, values),
            message_id=self._message_id(desk, ticket, key, owed.bound),
            in_reply_to=thread[-1] if len(thread) > 1 else "",
            references=thread,
            reply_to=address,
            headers=_headers(ticket, history, owed),
        )

    def _thread(self, desk: Desk, ticket: Ticket, owed: ef.MailOwed) -> tuple[str, ...]:
        """The thread's own id, then what the receiver holds, the latest last."""
        if owed.digest:
            return ()
        domain = desk.mail.address.partition("@")[2]
        first: tuple[str, ...] = ()
        if owed.thread:
            bound, _, place = owed.thread.partition(" ")
            key = ef.key_at(desk.id, ticket.number, place)
            first = (self._message_id(desk, ticket, key, bound),)
        theirs = ticket.mail_refs if owed.audience == "client" else ()
        asked = 1 if ticket.source == "mail" else 0  # the request itself was a mail
        return (
            self.links.thread_id(ticket.number, domain),
            *theirs[:asked],
            *first,
            *theirs[asked:],
        )

    def _message_id(self, desk: Desk, ticket: Ticket, key: str, bound: str) -> str:
        domain = desk.mail.address.partition("@")[2]
        return self.links.message_id(ticket.number, key, domain, bound)

    def _text(self, folder: str, part: str, kind: str, language: str, values: Any) -> str:
        names = [f"{folder}/{part}.{language}.{kind}", f"{folder}/{part}.{kind}"]
        return self._templates.select_template(names).render(values)

    def _client_values(
        self, desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], owed: ef.MailOwed
    ) -> dict[str, object]:
        public = public_ticket(desk, ticket, history)
        return {
            "t": public,
            "message": _message(public, next((r for r in history if r.seq == owed.seq), None)),
            "person": owed.to,
            "reader": _reader(ticket, owed.to.email),
            "desk": PublicDesk(
                name=public.desk_name, address=desk.mail.address, timezone=desk.timezone
            ),
            "severities": severities(desk, ticket, owed.language),
            "link": self.links.client_ticket(owed.to.email, ticket.number, self.clock.now()),
            "language": owed.language,
        }

    def _staff_values(
        self, desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], owed: ef.MailOwed
    ) -> dict[str, object]:
        kind = type_of(desk, ticket)
        about = next((r for r in history if r.seq == owed.seq), None)
        return {
            "ticket": ticket,
            "desk": desk,
            "about": about,
            "event": _readable(desk, ticket, about.event) if about else None,
            "by": about.by if about else None,
            "said": spelled_out(desk, ticket, _said(history, about)),
            "person": owed.to,
            "kind": kind,
            "type_name": say(kind.name, "en"),
            "state_name": say(kind.state(ticket.state).name, "en"),
            "severity_name": say(desk.severity_by_id[ticket.severity].name, "en"),
            "environment_name": environment_asked(desk, ticket, "en"),
            "is_production": desk.concerns_production(ticket.type, ticket.environment),
            "clocks": clocks(desk, ticket, self.clock.now()),
            "clock_names": promises.CLOCK_NAMES,
            "rung": promises.rung(desk, about) if about else "",
            "link": self.links.staff_ticket(desk.id, ticket.number),
            "bound": owed.bound,
            "language": "en",
        }

    def chat(
        self, desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], owed: ef.ChatOwed
    ) -> Post:
        """A message for a channel, with a card that opens the ticket."""
        if owed.digest:
            return digest_text.post(desk, self.links, owed.digest)
        about = next((r for r in history if r.seq == owed.seq), None)
        link = self.links.staff_ticket(desk.id, ticket.number)
        now = self.clock.now()
        card = cards.ticket_card(desk, ticket, clocks(desk, ticket, now), link)
        event = about.event if about else None
        if isinstance(event, ev.TeamAsked):
            return Post(
                html=cards.paragraphs(event.message),
                card=card,
                subject=f"{ticket.number}: {ticket.title}"[:200],
                mentions=_mentions(desk, Role.STAFF) if "{mention:0}" in event.message else (),
            )
        if about and isinstance(event, ev.Decided):
            text = cards.decision_text(ticket, event, about.by.name or about.by.email)
            decided = cards.decision_card(desk, ticket, about, event, link)
            return Post(html=cards.paragraphs(text), card=decided)
        if about and isinstance(event, ev.Escalated):
            said = (
                f"{ticket.number} ({ticket.title}) needs attention: {promises.rung(desk, about)}."
            )
            return Post(html=cards.paragraphs(said), card=card)
        return Post(html=cards.paragraphs(f"{ticket.number}: {ticket.title}"), card=card)

    def item(self, desk: Desk, ticket: Ticket, owed: ef.ItemOwed) -> NewItem:
        """A work item: the ticket's mirror, or one that a decision calls for."""
        if desk.backlog is None:
            raise ValueError("a desk without backlog owes no item")
        mirror, plan = desk.backlog.mirror, owed.plan
        kind = desk.backlog.kinds[plan.kind] if plan else mirror.item_type if mirror else ""
        link = self.links.staff_ticket(desk.id, ticket.number)
        mirrored = (ticket.mirror.id,) if ticket.mirror else ()
        # A mirror that comes late finds the items that a decision has made meanwhile.
        made = tuple(item.id for item in ticket.work_items if item.kind != "task")
        return NewItem(
            type=kind,
            title=(plan.title if plan else f"[{ticket.number}] {ticket.title}")[:250],
            description=cards.item_text(desk, ticket),
            tags=("docket", ticket.number),
            link=link,
            link_title=f"{ticket.number} in Docket",
            related=mirrored if plan else made,
            into_sprint=bool(plan) and owed.urgency is Urgency.URGENT,
        )


def _headers(
    ticket: Ticket, history: tuple[ev.Recorded, ...], owed: ef.MailOwed
) -> tuple[tuple[str, str], ...]:
    """Marks what no person wrote as automatic, so that other robots do not answer (RFC 3834)."""
    about = next((r.event for r in history if r.seq == owed.seq), None)
    always = (("X-Docket-Ticket", ticket.number), ("X-Auto-Response-Suppress", "All"))
    by_person = isinstance(about, ev.Replied) and not about.by_client
    return always if by_person else (*always, ("Auto-Submitted", "auto-generated"))


def _mentions(desk: Desk, role: Role) -> tuple[ChatMention, ...]:
    return tuple(
        ChatMention(name=m.name, aad_id=m.aad_id) for m in desk.members_with(role) if m.aad_id
    )


def _reader(ticket: Ticket, email: str) -> str:
    """What the receiver has to do with the request."""
    if email == ticket.requester.email:
        return "requester"
    return "writer" if ticket.submitted_by and email == ticket.submitted_by.email else "watcher"


def _readable(desk: Desk, ticket: Ticket, event: ev.Event) -> ev.Event:
    """The event with names in place of the addresses that it mentions."""
    if isinstance(event, ev.Replied | ev.Noted):
        return event.model_copy(update={"text": spelled_out(desk, ticket, event.text)})
    return event


def _message(public: PublicTicket, about: ev.Recorded | None) -> PublicMessage | None:
    """The message that the event is, else the one written in the same command."""
    if about is None:
        return None
    exact = (m for m in public.messages if m.seq == about.seq)
    near = (m for m in public.messages if m.at == about.at and abs(m.seq - about.seq) <= 1)
    return next(exact, next(near, None))


def _said(history: tuple[ev.Recorded, ...], about: ev.Recorded | None) -> str:
    """The public message that came with the event, in the same command."""
    near = (r.event for r in history if about and r.at == about.at and abs(r.seq - about.seq) <= 1)
    return next((event.text for event in near if isinstance(event, ev.Replied)), "")


def severities(desk: Desk, ticket: Ticket, language: str) -> list[PublicSeverity]:
    """All severities with their definitions and promises, the ticket's own marked."""
    return [
        PublicSeverity(
            name=say(s.name, language),
            definition=say(s.definition, language),
            response=wording.duration(s.response_target, language),
            resolution=wording.duration(s.resolution_target, language),
            counts=s.id == ticket.severity,
            round_the_clock=desk.calendar_by_id[s.calendar].always,
        )
        for s in desk.severities
    ]
