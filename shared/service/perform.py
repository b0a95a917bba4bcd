"""How each kind of effect is done at its vendor."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain.desk import Backlog as BacklogConfig
from shared.domain.desk import Channel, Desk
from shared.domain.errors import NotFound, Rejected, Unavailable
from shared.domain.item_effects import item_moves, related_items
from shared.domain.people import ERASED_DOMAIN
from shared.domain.ticket import Ticket, WorkItem
from shared.ports import Backlog, BacklogPlace, ChatPlace, Put
from shared.service import item_news, store
from shared.service import layout as ly
from shared.service.abilities import Ranked
from shared.service.deps import Deps

type Told = tuple[cm.Command, ...]
THREAD_PATIENCE = dt.timedelta(minutes=30)  # then a decision stands beside the thread
THREAD_LOOKS, THREAD_LOOK_EVERY = 10, 0.3  # seconds
BUILD_LOOK = dt.timedelta(seconds=20)  # how often a running build is looked at


@runtime_checkable
class Relating(Protocol):
    """A backlog tool in which items that exist can be linked."""

    async def relate(self, place: BacklogPlace, item_id: str, others: Sequence[str]) -> None:
        """Links the item with the others, each once. Raises NotFound, or Rejected for an other."""


class Continues(Exception):  # not a failure
    """The effect has begun and is to be looked at again: how it stands, and what is known."""

    def __init__(self, effect: ef.Effect, commands: Told) -> None:
        super().__init__("continues")
        self.effect = effect
        self.commands = commands


@dataclass(frozen=True)
class Job:
    """One effect of a row. `told`: what the effect it waited for has brought."""

    deps: Deps
    desk: Desk
    loaded: ly.Loaded
    box: ef.Outbox
    index: int
    again: bool
    told: Told = ()

    @property
    def key(self) -> str:
        """The effect's own name at its vendor."""
        return self.box.key_of(self.index)

    @property
    def ticket(self) -> Ticket:
        """The ticket, with a work item that was created a moment ago already on it."""
        ticket = self.loaded.ticket
        for command in self.told:
            if isinstance(command, cm.ItemCreated):
                fields = command.model_dump(exclude={"item_kind", "related"})
                item = WorkItem(**fields, kind=command.item_kind)
                ticket = ticket.model_copy(update={"work_items": (*ticket.work_items, item)})
        return ticket


async def perform(job: Job, effect: ef.Effect) -> Told:
    """Does it. What the ticket must know comes back as commands.

    Raises Unavailable (try again) or Rejected (never).
    """
    return await _HANDS[type(effect)](job, effect)


async def _mail(job: Job, owed: ef.MailOwed) -> Told:
    if owed.to.email.endswith(f"@{ERASED_DOMAIN}"):
        return ()
    mail = job.deps.texts.mail(job.desk, job.ticket, job.loaded.history, owed, job.key)
    if job.desk.mail.outgoing == "acs":  # its delivery reports name nothing but an operation
        row = ly.body(ly.KeyRow(number=job.ticket.number, body=job.key))
        key = ly.sent_key(owed.to.email, job.box.committed_at, job.key)  # the same at each attempt
        await job.deps.rows.commit(job.desk.id, [Put(key, row)])
    mailer = job.deps.outside.mailer(job.desk.mail.outgoing)
    await mailer.send(mail, job.key, again=job.again)
    return ()


def chat_place(channel: Channel) -> ChatPlace:
    """How the channel is reached."""
    return ChatPlace(channel.via, channel.team_id, channel.channel_id, channel.url_setting)


async def _chat(job: Job, owed: ef.ChatOwed) -> Told:
    post = job.deps.texts.chat(job.desk, job.ticket, job.loaded.history, owed)
    channel = job.desk.channel(owed.channel)
    place, chat = chat_place(channel), job.deps.outside.chat
    thread = await _thread(job, channel) if owed.in_thread else ""
    posted = await chat.post(place, post, job.key, thread=thread, again=job.again)
    return (cm.ThreadStarted(thread=posted),) if owed.occasion == "team_asked" and posted else ()


async def _thread(job: Job, channel: Channel) -> str:
    """The thread in which the team was asked, '' where there are none.

    A decision may be taken while the question is still on its way: mostly the thread is there a
    moment later. Raises Unavailable to wait for it longer, though not for ever.
    """
    thread = job.ticket.triage.thread
    waited = job.deps.clock.now() - job.box.committed_at
    if thread or channel.via != "graph" or waited > THREAD_PATIENCE:
        return thread
    for _ in range(THREAD_LOOKS):
        await asyncio.sleep(THREAD_LOOK_EVERY)
        now = await _now(job)
        if now.ticket.triage.thread:
            return now.ticket.triage.thread
    raise Unavailable("the team's thread is not there yet")


async def _now(job: Job) -> ly.Loaded:
    """The ticket as it is by now; an archived one does not change any more."""
    if not job.loaded.live:
        return job.loaded
    return await store.load(job.deps.rows, job.desk.id, job.ticket.number)


def _backlog(job: Job) -> tuple[BacklogConfig, Backlog, BacklogPlace]:
    """The desk's tool, and its project there as the desk's day sees it."""
    config = job.desk.backlog
    if config is None:
        raise Rejected(f"{job.desk.id} has no backlog any more")
    place = BacklogPlace(
        config.organisation,
        config.project,
        config.team,
        config.area_path,
        config.board_id,
        job.desk.today(job.deps.clock.now()),
    )
    return config, job.deps.outside.backlog(config.system), place


async def _item(job: Job, owed: ef.ItemOwed) -> Told:
    config, backlog, place = _backlog(job)
    item = job.deps.texts.item(job.desk, job.ticket, owed)
    if owed.plan and owed.plan.kind == "task":
        item = replace(item, parent=_parent(job.ticket))
    since = job.deps.clock.now() - owed.tried_at if owed.tried_at else None
    create = partial(backlog.create, place, key=job.key, again=job.again, since=since)
    told: Told = ()
    try:
        ref = await create(item)
    except Rejected as error:
        gone = await item_news.gone(backlog, place, (item.parent, *item.related), error)
        told = item_news.losses((await _now(job)).ticket, gone)
        parent = "" if item.parent in gone else item.parent
        related = tuple(other for other in item.related if other not in gone)
        ref = await create(item := replace(item, parent=parent, related=related))
    return (
        *told,
        cm.ItemCreated(
            system=config.system,
            id=ref.id,
            item_kind=owed.plan.kind if owed.plan else item.type,
            url=ref.url,
            title=item.title,
            mirror=owed.plan is None,
            in_sprint=item.into_sprint,
            related=() if job.again else item.related,  # one that is found may have come without
        ),
    )


def _parent(ticket: Ticket) -> str:
    """The latest backlog item of the ticket that may have tasks."""
    found = [i.id for i in ticket.work_items if not i.mirror and i.kind != "task"]
    return found[-1] if found else ""


async def _unless_gone(job: Job, work: Awaitable[object], *items: str) -> Told:
    """Does what concerns these items; one that is gone is told of and not waited for."""
    try:
        await work
    except (NotFound, Rejected) as error:
        _, backlog, place = _backlog(job)
        gone = await item_news.gone(backlog, place, items, error)
        return item_news.losses((await _now(job)).ticket, gone)
    return ()


async def _comment(job: Job, owed: ef.CommentOwed) -> Told:
    (_, backlog, place), item = _backlog(job), job.ticket.discussed_in
    if item is None:
        return ()
    member = job.desk.member_by_email.get(owed.mention)
    mention = (member.name, member.backlog_id) if member and member.backlog_id else None
    said = backlog.comment(place, item.id, owed.text, mention, job.key, again=job.again)
    return await _unless_gone(job, said, item.id)


async def _item_move(job: Job, owed: ef.ItemMoveOwed) -> Told:
    """Puts the item where the history wants it by now; a new one is linked with the others, too."""
    _, backlog, place = _backlog(job)
    item = owed.item or (job.ticket.mirror.id if job.ticket.mirror else "")
    related = () if owed.to_state or owed.into_sprint else related_items(job.ticket, item)
    told: Told = ()
    if related and isinstance(backlog, Relating):
        told = await _unless_gone(job, backlog.relate(place, item, related), item, *related)
    return (*told, *await _unless_gone(job, _follow(job, item), item))


async def _follow(job: Job, item: str) -> None:
    """Moves the item, and looks again afterwards.

    Deliveries may be late, repeated and side by side: whichever writes last has looked after it
    wrote, so the item ends where the last event wanted it.
    """
    config, backlog, place = _backlog(job)
    done: ef.ItemMoveOwed | None = None
    while (wanted := await _wanted(job, config, item)) not in (None, done):
        if wanted.into_sprint:
            await backlog.into_sprint(place, item)
        state = config.in_progress_state if wanted.into_sprint else wanted.to_state
        await backlog.set_state(place, item, state)
        done = wanted


async def _wanted(job: Job, config: BacklogConfig, item: str) -> ef.ItemMoveOwed | None:
    """Where the last of the ticket's events that said so wants the item."""
    now = await _now(job)
    moves = (
        move
        for recorded in reversed(now.history)
        for move in item_moves(job.desk, config, now.ticket, recorded)
    )
    return next((move for move in moves if move.item == item), None)


async def _rank(job: Job, owed: ef.RankOwed) -> Told:
    """By the order as it is now, so that late and repeated deliveries end in the same order."""
    (_, backlog, place), number = _backlog(job), job.ticket.number
    board, _ = await store.load_board(job.deps.rows, job.desk.id)
    if number not in board.ready or not isinstance(backlog, Ranked):
        return ()
    own, at = job.ticket.backlog_item, board.ready.index(number)
    if own is None:
        return ()  # its link will owe the rank
    if below := await _first_item(job, board.ready[at + 1 :]):
        await backlog.rank(place, own.id, before=below)
    elif above := await _first_item(job, board.ready[:at][::-1]):
        await backlog.rank(place, own.id, after=above)
    return ()


async def _first_item(job: Job, numbers: Sequence[str]) -> str:
    """The item of the first of these tickets that has one."""
    for number in numbers:
        row = await job.deps.rows.get(job.desk.id, ly.state_key(number))
        ticket = ly.TicketRow.model_validate_json(row.body).ticket if row else None
        if ticket and ticket.backlog_item:
            return ticket.backlog_item.id
    return ""


async def _build(job: Job, owed: ef.BuildOwed) -> Told:
    """Starts the job and follows it; the ticket hears of the start and of the end."""
    builds = job.deps.outside.builds
    handle = owed.handle or await builds.start(owed.job, job.key, again=job.again)
    try:
        state = await builds.follow(handle)
    except NotFound as error:
        raise Rejected(f"what became of {owed.job} is not known: {error}") from error
    said = cm.BuildReported(job=owed.job, build=state.number, result=state.result, url=state.url)
    if state.result:
        return (said,)
    later = job.deps.clock.now() + BUILD_LOOK
    effect = owed.model_copy(update={"handle": handle, "not_before": later})
    raise Continues(effect, () if owed.handle else (said,))


_HANDS: dict[type, Callable[[Job, Any], Awaitable[Told]]] = {
    ef.MailOwed: _mail,
    ef.ChatOwed: _chat,
    ef.ItemOwed: _item,
    ef.CommentOwed: _comment,
    ef.ItemMoveOwed: _item_move,
    ef.RankOwed: _rank,
    ef.BuildOwed: _build,
}
