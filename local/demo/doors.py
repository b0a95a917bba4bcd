"""Requests through every door, and the incidents at the doors."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from local.demo.story import Client, Scene
from local.demo.world import KEY, Json, World, awaited
from shared.domain.desk import Desk
from shared.domain.words import say

_OWN_FIELDS = ("service", "service_other", "module", "browser", "steps", "phone")
_SAMPLE_FILES = {
    "prices.csv": b"isin;date;price\nSE0001234567;2026-10-01;12,35\nSE0007654321;2026-10-01;8,90\n",
    "nda.txt": b"Mutual non-disclosure agreement, signed by both parties.\n",
    "comparison.txt": b"TypeError: Cannot read properties of null (reading 'returns')\n"
    b"    at Comparison.render (comparison.js:412:31)\n",
}


def send(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    """The request goes in at its door; an incident happens."""
    {
        "api": _by_api,
        "form": _by_form,
        "mail": _by_mail,
        "quarantined_form": _form_that_fits_nothing,
        "unreadable_mail": _unreadable_mail,
        "bounce_from_now": _bounce_from_now,
    }[scene.door](world, desk, scene, now)


def number_of(world: World, desk: Desk, scene: Scene) -> str:
    """The ticket that the request became; waits for mail and forms that are on their way."""
    reader, title = str(desk.people[0].email), str(scene.facts["title"])

    def look() -> str | None:
        found = world.tickets(desk.id, reader, requester=scene.client.email)
        return next((str(t["number"]) for t in found if t["title"] == title), None)

    return awaited(look, f"a ticket of {scene.client.email}: {title}")


def _by_api(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    facts = scene.facts
    body: Json = {
        "title": facts["title"],
        "description": facts["text"],
        "type": facts["type"],
        "environment": facts.get("environment", "production"),
        "severity": facts.get("severity"),
        "requester": {"name": scene.client.name, "email": scene.client.email},
        "language": scene.client.lang,
        "fields": _own_fields(desk, scene),
    }
    if "orion" in facts:
        ref = facts["orion"]
        url = f"https://orion.example/cases/{ref}"
        body["external_refs"] = [{"system": "orion", "ref": ref, "url": url}]
    answer = world.post(f"/api/desks/{desk.id}/requests", body, KEY)
    if answer.is_error:
        raise RuntimeError(f"{facts['title']}: {answer.status_code} {answer.text}")


def _own_fields(desk: Desk, scene: Scene) -> dict[str, str]:
    known = {field.id for form in desk.forms for field in form.fields}
    return {k: str(scene.facts[k]) for k in _OWN_FIELDS if k in scene.facts and k in known}


def _by_form(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    facts, client = scene.facts, scene.client
    given = {
        "type": facts["type"],
        "environment": facts.get("environment", "production"),
        "impact": facts.get("severity"),
        "title": facts["title"],
        "description": facts["text"],
        "requester_name": client.name,
        "requester_email": client.email,
        "language": client.lang,
        "since": facts.get("since"),
        **_own_fields(desk, scene),
    }
    answers = {}
    for field in desk.forms[0].fields:
        value = given.get(field.id)
        option = field.option(str(value)) if field.options and value else None
        if option is not None:
            value = say(option.label, client.lang)
        if value:
            answers[field.id] = str(value)
    sender = scene.submitted_by or client
    world.form(desk.id, sender.email, answers)


def _by_mail(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    mail = letter(scene.client, desk, str(scene.facts["title"]), str(scene.facts["text"]), now)
    if scene.facts.get("auto"):
        mail["Auto-Submitted"] = "auto-replied"
    name = scene.facts.get("attachment")
    if name:
        content, kind = _SAMPLE_FILES[name], "csv" if name.endswith("csv") else "plain"
        mail.add_attachment(content, maintype="text", subtype=kind, filename=name)
    world.mail(desk.mail.address, mail.as_bytes())


def letter(client: Client, desk: Desk, subject: str, text: str, now: dt.datetime) -> EmailMessage:
    """A mail from a client to the desk, as their program writes it."""
    mail = EmailMessage()
    mail["From"] = formataddr((client.name, client.email))
    mail["To"] = formataddr((desk.mail.sender_name, desk.mail.address))
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{now:%Y%m%d%H%M%S%f}.{client.email}>"
    mail.set_content(text.strip() + "\n")
    return mail


def _form_that_fits_nothing(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    """Somebody changed the Microsoft Form and nobody told the desk: kept in quarantine."""
    ids = {field.id: field.question_id for field in desk.forms[0].fields}
    response = {
        "responder": "kbrennan@harbourline-ferries.example",
        "submitDate": f"{now.month}/{now.day}/{now.year} 2:20:11 PM",
        ids["type"]: "A problem in production (the live service)",
        ids["title"]: "Sailing list shows yesterday's times",
        ids["description"]: "The public list still shows yesterday's sailings at noon.",
        "r5f0c1d2e3a4b5c6d7e8f9a0b1c2d3e4f": "Halifax",
    }
    body = {"responseId": "1760000000000001", "response": response}
    answer = world.post(f"/api/desks/{desk.id}/forms/request/responses", body, KEY)
    if answer.status_code != 422:
        raise RuntimeError(f"the odd form response was answered {answer.status_code}")


def _unreadable_mail(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    world.mail(desk.mail.address, bytes(range(128, 256)) * 8)


def _bounce_from_now(world: World, desk: Desk, scene: Scene, now: dt.datetime) -> None:
    world.control("POST", "/bounces", {"address": scene.client.email, "kind": "hard"})
