"""What people do with a request once it is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from local.demo.doors import letter
from local.demo.story import Facts, Scene, Step, member_of
from local.demo.world import Json, NotYetError, World, awaited
from shared.domain.desk import Desk

_CHANGE = "C1"  # every story has one data change at most


@dataclass
class Board:
    """The third-line order as the product owner keeps it in mind, and who holds the slot."""

    ready: list[str] = field(default_factory=list)
    developer: str = ""
    lock: Lock = field(default_factory=Lock)


@dataclass
class Thread:
    """One scene under way."""

    desk: Desk
    scene: Scene
    board: Board
    number: str = ""
    done: int = 0  # 0: not sent yet; then the number of the step to come
    refused: int = 0
    readers: set[str] = field(default_factory=set)

    @property
    def next_step(self) -> Step | None:
        """None before the request is sent and after the last step."""
        return self.scene.steps[self.done - 1] if 0 < self.done <= len(self.scene.steps) else None

    @property
    def wants_to_be_alone(self) -> bool:
        """Nothing else may meet the fault that the step orders."""
        return self.next_step is not None and self.next_step.what == "reply_that_is_refused"


def act(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    """One step. Raises NotYetError when it has to wait, RuntimeError when it was refused."""
    if thread.done == 1 and thread.desk.backlog and thread.desk.backlog.mirror:
        _item(world, thread, "mirror")  # real minutes have passed for people: it is there
    special = SPECIAL.get(step.what)
    if special is not None:
        special(world, thread, step, now)
        return
    fields = _addresses(thread.desk, step.fields)
    if step.what.endswith("_change") and step.what != "draft_change":
        fields = {"change": _CHANGE} | fields
    if step.what in ("approve_change", "apply_change"):
        fields["script_sha256"] = _script(world, thread)
    person = _persona(thread, step.who)
    if person not in thread.readers:
        thread.readers.add(person)
        world.command(thread.number, person, "seen", {})
    if step.what != "seen":
        world.command(thread.number, person, step.what, fields)


def _persona(thread: Thread, who: str) -> str:
    return thread.board.developer if who == "developer" else member_of(thread.desk, who)


def _addresses(desk: Desk, fields: Facts) -> Facts:
    named = fields.get("assignee")
    return {**fields, "assignee": member_of(desk, named)} if named else dict(fields)


def _ticket(world: World, thread: Thread) -> Json:
    return world.ticket(thread.number, str(thread.desk.people[0].email))


def _script(world: World, thread: Thread) -> str:
    return str(_ticket(world, thread)["changes"][0]["script_sha256"])


def _client_answers(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    """The client answers the latest mail about the ticket."""
    client = thread.scene.client
    last = awaited(lambda: world.sent(client.email, thread.number), f"mail on {thread.number}")[-1]
    mail = letter(client, thread.desk, "Re: " + last["subject"], step.fields["text"], now)
    before = last["headers"].get("References", "")
    mail["In-Reply-To"] = last["message_id"]
    mail["References"] = f"{before} {last['message_id']}".strip()
    quoted = "\n".join("> " + line for line in last["text"].strip().splitlines()[:6])
    mail.set_content(f"{step.fields['text']}\n\nOn {now:%d %B} the desk wrote:\n{quoted}\n")
    world.mail(thread.desk.mail.address, mail.as_bytes())


def _team_says(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    """A colleague answers in the Teams thread of the ticket."""

    def look() -> tuple[Any, ...] | None:
        for place in world.control("GET", "/teams"):
            for message in place["messages"]:
                if (message["subject"] or "").startswith(f"{thread.number}:"):
                    return place["team"], place["channel"], message["id"]
        return None

    team, channel, message = awaited(look, f"the thread of {thread.number}")
    who = member_of(thread.desk, step.fields["from"])
    words = {"message": message, "from": who, "text": step.fields["text"]}
    world.control("POST", "/teams/reply", {"team": team, "channel": channel, **words})


def _item(world: World, thread: Thread, kind: str) -> str:
    """The id of the ticket's work item: its mirror, or the one of that kind."""

    def look() -> str | None:
        items = _ticket(world, thread)["work_items"]
        fitting = [i for i in items if i["mirror"] == (kind == "mirror")]
        exact = [i for i in fitting if i["kind"] == kind] or fitting
        return str(exact[0]["id"]) if exact else None

    return awaited(look, f"the {kind} of {thread.number}")


def _devops_state(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    _edit(world, thread, step, {"System.State": step.fields["state"]}, step.fields["item"])


def _jira_state(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    _edit(world, thread, step, {"status": step.fields["state"]}, "bug")


def _edit(world: World, thread: Thread, step: Step, fields: Facts, kind: str) -> None:
    item = _item(world, thread, kind)
    body = {"fields": fields, "by": _persona(thread, step.who)}
    world.control("PATCH", f"/work-items/{item}", body)


def _devops_comment(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    item = _item(world, thread, step.fields["item"])
    body = {"text": step.fields["text"], "by": _persona(thread, step.who)}
    world.control("POST", f"/work-items/{item}/comments", body)


def _accept(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    with thread.board.lock:
        world.command(thread.number, _persona(thread, step.who), "accept_for_sprint", {})
        thread.board.ready.append(thread.number)


def _to_the_top(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    with thread.board.lock:
        _rank_first(world, thread, member_of(thread.desk, step.who))


def _rank_first(world: World, thread: Thread, ranker: str) -> None:
    ready = thread.board.ready
    if ready[0] != thread.number:
        world.command(thread.number, ranker, "rank", {"before": ready[0]})
        ready.remove(thread.number)
        ready.insert(0, thread.number)


def _pull(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    """The sprint's developer takes it when the slot is free; the product owner had it first."""
    with thread.board.lock:
        if thread.board.developer:
            raise NotYetError("the slot is taken")
        _rank_first(world, thread, _ranker(thread.desk))
        line = thread.desk.third_line
        if line is None:
            raise RuntimeError(f"{thread.desk.id} has no third line")
        developer = str(line.rota.developer_of(line.rota.sprint_of(thread.desk.today(now))))
        world.command(thread.number, developer, "pull_next", {})
        thread.board.ready.remove(thread.number)
        thread.board.developer = developer


def _ranker(desk: Desk) -> str:
    return next(str(p.email) for p in desk.people if "product_owner" in {r.value for r in p.roles})


def _deployed(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    with thread.board.lock:
        world.command(thread.number, thread.board.developer, "mark_deployed", {})
        thread.board.developer = ""


def _reply_that_is_refused(world: World, thread: Thread, step: Step, now: dt.datetime) -> None:
    """The mail server refuses this one for good: it ends on the list of the undelivered."""
    reader, desk = str(thread.desk.people[0].email), thread.desk.id
    world.settled()
    known = len(world.undelivered(desk, reader))
    path = f"/users/{thread.desk.mail.address}/*"
    fault = {"service": "graph", "method": "POST", "path": path, "times": 1, "status": 400}
    world.control("POST", "/faults", fault)
    try:
        world.command(thread.number, _persona(thread, step.who), "reply", step.fields)
        awaited(lambda: len(world.undelivered(desk, reader)) > known, "the refused mail")
    finally:
        world.control("DELETE", "/faults")


# Steps that are no command of the API.
SPECIAL = {
    "answers": _client_answers,
    "says": _team_says,
    "devops_state": _devops_state,
    "jira_state": _jira_state,
    "devops_comment": _devops_comment,
    "accept_for_sprint": _accept,
    "to_the_top": _to_the_top,
    "pull_next": _pull,
    "mark_deployed": _deployed,
    "reply_that_is_refused": _reply_that_is_refused,
}
