"""The third-line board: columns, order, the one slot, the rota."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import azure.functions as func

from functions.console import enter
from functions.console_history import person
from functions.console_list import Line, line
from functions.pages import page, render
from functions.visit import Visit
from shared.domain.board import Board
from shared.domain.desk import Desk, ThirdLine
from shared.domain.errors import NotFound
from shared.domain.flow import Column
from shared.domain.people import Actor
from shared.service import reads

COLUMNS = {
    Column.TRIAGE: "Triage",
    Column.READY: "Ready for sprint",
    Column.IN_PROGRESS: "In progress",
    Column.DEPLOYED: "Deployed to development",
}
SPRINTS_SHOWN = 4


@dataclass(frozen=True)
class Card:
    """A ticket on the board; `above` and `below` are its neighbours in the order."""

    line: Line
    age: dt.timedelta
    place: int = 0
    above: str = ""
    below: str = ""


@dataclass(frozen=True)
class Turn:
    """A sprint of the rota."""

    sprint: int
    developer: str
    start: dt.date
    end: dt.date
    is_current: bool
    is_swap: bool


def rota(desk: Desk, line_: ThirdLine, today: dt.date) -> list[Turn]:
    """This sprint and the next ones."""
    config = line_.rota
    current = max(1, config.sprint_of(today))
    turns = []
    for sprint in range(current, current + SPRINTS_SHOWN):
        start = config.start + dt.timedelta(days=(sprint - 1) * config.sprint_days)
        end = start + dt.timedelta(days=config.sprint_days - 1)
        swapped = any(swap.sprint == sprint for swap in config.swaps)
        name = person(desk, config.developer_of(sprint))
        turns.append(Turn(sprint, name, start, end, sprint == current, swapped))
    return turns


def cards(desk: Desk, board: Board, lines: list[Line], now: dt.datetime) -> dict[str, list[Card]]:
    """The columns. Ready for sprint stands in the board's order, the others by age."""
    found: dict[str, list[Card]] = {column.value: [] for column in COLUMNS}
    by_number = {each.ticket.number: each for each in lines}
    for index, number in enumerate(board.ready):
        if number not in by_number:
            continue
        age = now - by_number[number].ticket.created_at
        above = board.ready[index - 1] if index else ""
        below = board.ready[index + 1] if index + 1 < len(board.ready) else ""
        found["ready"].append(Card(by_number[number], age, index + 1, above, below))
    for each in sorted(lines, key=lambda one: one.ticket.created_at):
        column = desk.types[each.ticket.type].state(each.ticket.state).board
        if column is not None and column is not Column.READY:
            found[column.value].append(Card(each, now - each.ticket.created_at))
    return found


@page
async def desk_board(visit: Visit) -> func.HttpResponse:
    """The board as it stands now."""
    return await board_page(visit)


async def board_page(
    visit: Visit, status: int = 200, about: str = "", refused: str = ""
) -> func.HttpResponse:
    """The board; with `refused`, why the command on the ticket `about` was not carried out."""
    desk, actor, shell = enter(visit, "board")
    if desk.third_line is None:
        raise NotFound(f"{shell.desk_name} has no third-line board")
    board, tickets = await reads.board(visit.deps, desk)
    lines = [line(desk, ticket, visit) for ticket in tickets]
    turns = rota(desk, desk.third_line, desk.today(visit.now))
    return render(
        visit,
        "console/board.html",
        status,
        shell=shell,
        desk=desk,
        board=board,
        columns=COLUMNS,
        cards=cards(desk, board, lines, visit.now),
        turns=turns,
        slot_age=visit.now - board.slot.since if board.slot else None,
        slot_developer=person(desk, board.slot.developer) if board.slot else "",
        may_rank=actor.has_role(desk.third_line.roles_that_rank),
        may_pull=_may_pull(desk.third_line, board, actor, desk.today(visit.now)),
        may_free=_may_free(board, actor),
        about=about,
        refused=refused,
    )


def _may_pull(third_line: ThirdLine, board: Board, actor: Actor, today: dt.date) -> bool:
    config = third_line.rota
    mine = config.developer_of(config.sprint_of(today)) == actor.email
    return mine and board.slot is None and bool(board.ready)


def _may_free(board: Board, actor: Actor) -> bool:
    roles = {role.value for role in actor.roles}
    frees = bool(roles & {"lead", "product_owner", "admin"})
    return board.slot is not None and (board.slot.developer == actor.email or frees)
