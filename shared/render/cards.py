"""Adaptive Cards and the plain texts of posts and work items."""

from __future__ import annotations

from markupsafe import Markup

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.past import type_of
from shared.domain.public import environment_asked
from shared.domain.sla import Clock
from shared.domain.ticket import Opinion, Ticket, Urgency
from shared.domain.words import say
from shared.render.promises import CLOCK_NAMES
from shared.render.wording import moment

_DECISIONS = {
    Opinion.NOT_OUR_PROBLEM: "Not our problem",
    Opinion.BUG_OR_FEATURE: "Bug or feature request",
    Opinion.PROCEED: "Proceed",
}
_URGENCY = {
    Urgency.URGENT: "urgent: into the current sprint",
    Urgency.HANDLE_DURING_SPRINT: "to be handled during the sprint",
}
_COLOURS = ("attention", "warning", "accent", "default")


def paragraphs(text: str) -> Markup:
    """Plain text as safe HTML paragraphs."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    found = Markup("")
    for block in blocks:
        lines = Markup("<br>").join(block.strip("\n").split("\n"))  # join escapes each line
        found += Markup("<p>{}</p>").format(lines)
    return found


def ticket_card(
    desk: Desk, ticket: Ticket, running: tuple[Clock, ...], link: str
) -> dict[str, object]:
    """The ticket at a glance, with a button that opens it."""
    severity = desk.severity_by_id[ticket.severity]
    environment = environment_asked(desk, ticket, "en")
    facts = [
        ("Type", say(type_of(desk, ticket).name, "en")),
        ("Severity", say(severity.name, "en")),
        *([("Environment", environment)] if environment else []),
        ("Requester", ticket.requester.label),
        ("State", say(type_of(desk, ticket).state(ticket.state).name, "en")),
    ]
    if ticket.mirror:
        facts.append(("Work item", f"#{ticket.mirror.id}"))
    facts.extend(
        (f"{CLOCK_NAMES[clock.clock.value]} due", _due(desk, clock))
        for clock in running
        if clock.is_open
    )
    colour = _COLOURS[min(list(desk.severity_by_id).index(ticket.severity), 3)]
    actions = [{"type": "Action.OpenUrl", "title": f"Open {ticket.number}", "url": link}]
    if ticket.mirror:
        title = f"Work item {ticket.mirror.id}"
        actions.append({"type": "Action.OpenUrl", "title": title, "url": ticket.mirror.url})
    is_production = desk.concerns_production(ticket.type, ticket.environment)
    banner = [_banner()] if is_production else []
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            *banner,
            _line(f"{ticket.number}: {ticket.title}", size="Medium", weight="Bolder"),
            _line(f"{say(severity.name, 'en')}", color=colour, weight="Bolder", spacing="None"),
            {"type": "FactSet", "facts": [{"title": k, "value": v} for k, v in facts]},
        ],
        "actions": actions,
        "msteams": {"width": "Full"},
    }


def _line(text: str, **more: str) -> dict[str, object]:
    return {"type": "TextBlock", "text": text[:500], "wrap": True, **more}


def _banner() -> dict[str, object]:
    return _line("PRODUCTION", color="attention", weight="Bolder", size="Small")


def _due(desk: Desk, clock: Clock) -> str:
    if clock.due_at is None:
        return "paused"
    return moment(clock.due_at, desk.timezone)


def decision_text(ticket: Ticket, event: ev.Decided, by: str) -> str:
    """What the thread reads when the triage is decided."""
    urgency = f" ({_URGENCY[event.urgency]})" if event.urgency else ""
    said = f"{by} decided on {ticket.number}: {_DECISIONS[event.decision]}{urgency}."
    return f"{said}\n\n{event.reason}"


def decision_card(
    desk: Desk, ticket: Ticket, about: ev.Recorded, event: ev.Decided, link: str
) -> dict[str, object]:
    """What follows from the decision, with a button that opens the ticket."""
    facts = [
        ("State", say(type_of(desk, ticket).state(ticket.state).name, "en")),
        ("Decided", moment(about.at, desk.timezone)),
        *(("To do", f"{item.kind}: {item.title}") for item in event.work_items),
    ]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _line(f"{ticket.number}: {ticket.title}", weight="Bolder"),
            {"type": "FactSet", "facts": [{"title": k, "value": v} for k, v in facts]},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": f"Open {ticket.number}", "url": link}],
    }


def item_text(desk: Desk, ticket: Ticket) -> str:
    """A work item's description: plain text."""
    refs = "".join(f"\n{r.system}: {r.ref} {r.url}".rstrip() for r in ticket.external_refs)
    environment = environment_asked(desk, ticket, "en")
    where = f"Environment: {environment}\n" if environment else ""
    return (
        f"{ticket.description[:20_000]}\n\n"
        f"Requester: {ticket.requester.label} <{ticket.requester.email}>\n"
        f"{where}"
        f"Severity: {say(desk.severity_by_id[ticket.severity].name, 'en')}\n"
        f"Ticket: {ticket.number}{refs}"
    )
