"""The stories as values: who asks for what and when, and what happens then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from shared.domain.desk import Desk
from shared.domain.sla import calendar_of
from shared.domain.words import Language, say

FOLDER = Path(__file__).parent
type Facts = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """`who` does `what` with these fields, `after` so much working time."""

    after: dt.timedelta
    who: str
    what: str
    fields: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Client:
    """Somebody outside (or the CRM) who asks."""

    name: str
    email: str
    lang: Language = "en"


@dataclass(frozen=True)
class Scene:
    """One request and its steps, or an incident without a request (`door` is then its name)."""

    desk: str
    at: dt.datetime
    door: str
    client: Client
    facts: Facts
    steps: tuple[Step, ...] = ()
    submitted_by: Client | None = None

    @property
    def becomes_a_ticket(self) -> bool:
        """Automatic replies and incidents do not."""
        return "title" in self.facts and not self.facts.get("auto")

    @property
    def is_urgent(self) -> bool:
        """Its targets count minutes, so its steps keep their time."""
        return self.facts.get("severity") == "critical"


def read_story(desk: Desk, now: dt.datetime) -> list[Scene]:
    """All scenes of the desk up to `now`, which is aware UTC."""
    text = (FOLDER / f"{desk.id}.yaml").read_text(encoding="utf-8")
    told = yaml.safe_load(text)
    people = {name: Client(**facts) for name, facts in told["people"].items()}
    scenes = [_scene(desk, told["courses"], people, facts, now) for facts in told["tickets"]]
    scenes += [_incident(desk, facts, now) for facts in told.get("extra", ())]
    return [scene for scene in scenes if scene.at < now]


def _scene(
    desk: Desk, courses: Facts, people: dict[str, Client], facts: Facts, now: dt.datetime
) -> Scene:
    client = people[facts["client"]]
    at = moment(desk, facts, now)
    words = facts | _words(desk, facts, client)
    if "since" in facts:
        words["since"] = at.date() - dt.timedelta(days=abs(facts["since"]) - facts["day"])
    lines = facts.get("steps") or courses.get(facts.get("course", ""), ())
    return Scene(
        desk=desk.id,
        at=at,
        door=facts["door"],
        client=client,
        facts=words,
        steps=tuple(_step(line, words) for line in lines),
        submitted_by=people.get(facts.get("submitted_by", "")),
    )


def _incident(desk: Desk, facts: Facts, now: dt.datetime) -> Scene:
    nobody = Client("", facts.get("address", ""))
    return Scene(desk.id, moment(desk, facts, now), facts["do"], nobody, facts)


def _words(desk: Desk, facts: Facts, client: Client) -> Facts:
    """What courses may name beside the ticket's own keys."""
    promise = say(desk.canned_replies[0], client.lang)
    greeting = "Bonjour" if client.lang == "fr" else "Hello"
    found = {"promise": f"{greeting} @{client.email}, {promise}."}
    if "second" in facts:
        member = member_of(desk, facts["second"])
        found |= {"second_name": facts["second"], "second_full": desk.member_by_email[member].name}
    return found


def member_of(desk: Desk, first_name: str) -> str:
    """The address of the member with that first name. Raises KeyError."""
    for person in desk.people:
        if person.name.split()[0].casefold() == first_name:
            return str(person.email)
    raise KeyError(f"{desk.id} has nobody called {first_name}")


def moment(desk: Desk, facts: Facts, now: dt.datetime) -> dt.datetime:
    """`day` working days before today, at a local time; aware UTC."""
    zone = ZoneInfo(desk.timezone)
    day = now.astimezone(zone).date()
    left = int(facts["day"])
    while left:
        day -= dt.timedelta(days=1)
        left -= day.weekday() < 5
    hour, minute = (int(part) for part in str(facts["at"]).split(":"))
    return dt.datetime.combine(day, dt.time(hour, minute), zone).astimezone(dt.UTC)


def later(desk: Desk, start: dt.datetime, working: dt.timedelta) -> dt.datetime:
    """That much of the desk's working time after `start`."""
    return calendar_of(desk, "business").add(start, working)


def _step(line: list[Any], words: Facts) -> Step:
    after, who, what, *more = line
    fields = {key: _filled(value, words) for key, value in (more[0] if more else {}).items()}
    return Step(_span(after), str(_filled(who, words)), what, fields)


def _span(text: str) -> dt.timedelta:
    unit = {"m": "minutes", "h": "hours"}[text[-1]]
    return dt.timedelta(**{unit: int(text[:-1])})


def _filled(value: Any, words: Facts) -> Any:
    """`{key}` alone gives the key's value as it is, inside a text its words."""
    if not isinstance(value, str) or "{" not in value:
        return value
    if value.startswith("{") and value.endswith("}") and value.count("{") == 1:
        return words[value[1:-1]]
    return value.format_map(words)
