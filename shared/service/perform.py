"""How each kind of effect is done at its vendor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain.desk import Backlog as BacklogConfig
from shared.domain.desk import Channel, Desk
from shared.domain.errors import NotFound, Rejected, Unavailable
from shared.domain.people import ERASED_DOMAIN
from shared.domain.ticket import Ticket, WorkItem
from shared.ports import BacklogPlace, ChatPlace, ItemRef, Put
from shared.service import layout as ly
from shared.service import store
from shared.service.abilities import Ranked
from shared.service.deps import Deps

type Told = tuple[cm.Command, ...]
ITEM_PATIENCE = dt.timedelta(minutes=30)  # for an item that is being created
BUILD_LOOK = dt.timedelta(seconds=20)  # how often a running build is looked at


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
                fields = command.model_dump(exclude={"item_kind"})
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
        key = ly.sent_key(owed.to.email, job.deps.clock.now(), job.ticket.number)
        await job.deps.rows.commit(job.desk.id, [Put(key, row)])
    mailer = job.deps.outside.mailer(job.desk.mail.outgoing)
    await mailer.send(mail, job.key, again=job.again)
    return ()


def _chat_place(channel: Channel) -> ChatPlace:
    return ChatPlace(channel.via, channel.team_id, channel.channel_id, channel.url_setting)


async def _chat(job: Job, owed: ef.ChatOwed) -> Told:
    post = job.deps.texts.chat(job.desk, job.ticket, job.loaded.history, owed)
    place = _chat_place(job.desk.channel(owed.channel))
    thread = job.ticket.triage.thread if owed.in_thread else ""
    chat = job.deps.outside.chat
    posted = await chat.post(place, post, job.key, thread=thread, again=job.again)
    return (cm.ThreadStarted(thread=posted),) if owed.occasion == "team_asked" and posted else ()


def place_of(config: BacklogConfig) -> BacklogPlace:
    """The desk's project in its backlog tool."""
    return BacklogPlace(
        config.organisation, config.project, config.team, config.area_path, config.board_id
    )


def _config(desk: Desk) -> BacklogConfig:
    if desk.backlog is None:
        raise Rejected(f"{desk.id} has no backlog any more")
    return desk.backlog


async def _item(job: Job, owed: ef.ItemOwed) -> Told:
    config = _config(job.desk)
    item = job.deps.texts.item(job.desk, job.ticket, owed)
    if owed.plan and owed.plan.kind == "task":
        item = replace(item, parent=_parent(job.ticket))
    backlog = job.deps.outside.backlog(config.system)
    place, again = place_of(config), job.again or owed.started
    ref: ItemRef = await backlog.create(place, item, job.key, again=again)
    if owed.started:
        await backlog.set_state(place, ref.id, config.in_progress_state)
    return (
        cm.ItemCreated(
            system=config.system,
            id=ref.id,
            item_kind=owed.plan.kind if owed.plan else item.type,
            url=ref.url,
            title=item.title,
            mirror=owed.plan is None,
            in_sprint=item.into_sprint,
        ),
    )


def _parent(ticket: Ticket) -> str:
    """The latest backlog item of the ticket that may have tasks."""
    found = [i.id for i in ticket.work_items if not i.mirror and i.kind != "task"]
    return found[-1] if found else ""


async def _comment(job: Job, owed: ef.CommentOwed) -> Told:
    config, item = _config(job.desk), job.ticket.discussed_in
    if item is None:
        return ()
    member = job.desk.member_by_email.get(owed.mention)
    mention = (member.name, member.backlog_id) if member and member.backlog_id else None
    backlog = job.deps.outside.backlog(config.system)
    place = place_of(config)
    await backlog.comment(place, item.id, owed.text, mention, job.key, again=job.again)
    return ()


async def _item_move(job: Job, owed: ef.ItemMoveOwed) -> Told:
    config, mirror = _config(job.desk), job.ticket.mirror
    item = owed.item or (mirror.id if mirror else "")
    backlog, place = job.deps.outside.backlog(config.system), place_of(config)
    try:
        if item and owed.into_sprint:
            await backlog.into_sprint(place, item)
            await backlog.set_state(place, item, config.in_progress_state)
        elif item and owed.to_state:
            await backlog.set_state(place, item, owed.to_state)
    except NotFound as error:
        raise Rejected(f"work item {item} is gone") from error
    return ()


async def _rank(job: Job, owed: ef.RankOwed) -> Told:
    """By the order as it is now, so that late and repeated deliveries end in the same order."""
    config, number = _config(job.desk), job.ticket.number
    backlog = job.deps.outside.backlog(config.system)
    board, _ = await store.load_board(job.deps.rows, job.desk.id)
    if number not in board.ready or not isinstance(backlog, Ranked):
        return ()
    own = job.ticket.backlog_item
    if own is None:
        if job.deps.clock.now() - job.box.committed_at < ITEM_PATIENCE:
            raise Unavailable("its work item does not exist yet")
        return ()  # a new item begins at the end; it is ranked when somebody ranks it again
    place, at = place_of(config), board.ready.index(number)
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
