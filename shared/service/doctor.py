"""Looks at every connection of a desk, live: does it work, if not why, and how is it mended."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.domain.desk import Desk
from shared.domain.errors import DocketError
from shared.render.wording import moment
from shared.service import form_mapping, mail_subscription, quarantine
from shared.service.mail_room import MailRoom

log = logging.getLogger(__name__)
PATIENCE = 25.0  # seconds for one look
SOON = dt.timedelta(hours=24)

type Look = Callable[[], Awaitable[str]]
"""Asks one thing and says in a few words what it found; raises when it does not work."""


class NotUsedError(Exception):
    """The desk does not use this connection; says why."""


class BrokenError(Exception):
    """The connection works, but not as the desk needs it; says what is wrong."""


@dataclass(frozen=True)
class Probe:
    """One connection: its name, how to look at it, and what to do when that fails."""

    name: str
    look: Look
    mend: str


@dataclass(frozen=True)
class Finding:
    """What a look found. `mend` is empty unless something is wrong."""

    name: str
    state: Literal["well", "wrong", "unused"]
    said: str
    mend: str = ""


async def examine(probes: Sequence[Probe]) -> list[Finding]:
    """All looks side by side, in the order of the probes; never raises."""
    return list(await asyncio.gather(*(_examine(probe) for probe in probes)))


async def _examine(probe: Probe) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE):
            return Finding(probe.name, "well", await probe.look())
    except NotUsedError as error:
        return Finding(probe.name, "unused", str(error))
    except (DocketError, BrokenError) as error:
        return Finding(probe.name, "wrong", str(error), probe.mend)
    except TimeoutError:
        return Finding(probe.name, "wrong", f"no answer within {PATIENCE:.0f} s", probe.mend)
    except Exception as error:  # noqa: BLE001  # a doctor tells of whatever he meets
        log.warning("a look at a connection failed", extra={"failure": type(error).__name__})
        return Finding(probe.name, "wrong", f"{type(error).__name__}: {error}"[:300], probe.mend)


def inner_probes(room: MailRoom, desk: Desk) -> list[Probe]:
    """What can be asked over the ports alone: tables, blobs, the subscription, the forms."""
    deps = room.deps

    async def tables() -> str:
        await deps.rows.ping()
        return "the live table answers"

    async def blobs() -> str:
        name = f"doctor/{desk.id}"
        await deps.blobs.put(name, b"well", "text/plain")
        if await deps.blobs.get(name) != b"well":
            raise BrokenError("what was written came back otherwise")
        await deps.blobs.delete(name)
        return "a blob was written, read and deleted"

    return [
        Probe("Storage tables", tables, _ROLE.format("Storage Table Data Contributor")),
        Probe("Storage blobs", blobs, _ROLE.format("Storage Blob Data Owner")),
        Probe("Mailbox subscription", lambda: subscription(room, desk), _SUBSCRIBE),
        *(
            Probe(f"Form {form.id}", _form_look(room, desk, form.id), _MAP.format(desk=desk.id))
            for form in desk.forms
        ),
    ]


_ROLE = "Give the app's identity the role {} on the storage account; it takes some minutes to count"
_SUBSCRIBE = (
    "Look at the mailbox's own result first. Then wait for the hourly renewal; Microsoft Graph "
    "must reach /api/hooks/graph at the public address, and graph-state must not be empty"
)
_MAP = "Open /desk/{desk}/forms and say which question each field is"


async def subscription(room: MailRoom, desk: Desk) -> str:
    """Until when Graph wakes us. Raises NotUsedError, BrokenError."""
    if not room.state:
        raise NotUsedError("no graph-state is set: the mailbox is read each minute instead")
    known = await mail_subscription.known(room, desk)
    if known is None:
        raise BrokenError("there is no subscription; the mailbox is read each minute instead")
    left = known.until - room.deps.clock.now()
    until = moment(known.until, desk.timezone)
    if left <= dt.timedelta():
        raise BrokenError(f"the subscription ended: {until}")
    if left <= SOON:
        raise BrokenError(f"the subscription ends soon: {until}")
    return f"a subscription until {until}"


def _form_look(room: MailRoom, desk: Desk, form_id: str) -> Look:
    async def look() -> str:
        form = next(form for form in desk.forms if form.id == form_id)
        known = await form_mapping.chosen(room.deps, desk, form)
        fields = form_mapping.overlaid(form, known).fields
        unmapped = [field.id for field in fields if not field.question_id]
        kept = await quarantine.entries(room.deps, desk)
        waiting = sum(k.source == "form" and k.form == form_id for _, k in kept)
        if waiting:
            raise BrokenError(f"responses that could not be read lie in quarantine: {waiting}")
        if len(unmapped) == len(fields):
            raise NotUsedError("no field names a question: only the built-in form is in use")
        if unmapped:
            raise BrokenError(f"no question is known for: {', '.join(unmapped)}")
        return f"{len(fields)} fields know their question"

    return look


async def warn_of_endings(room: MailRoom) -> None:
    """Logs a warning for each subscription that is about to end; an alert waits for it."""
    now = room.deps.clock.now()
    for desk in room.deps.desks.values():
        known = await mail_subscription.known(room, desk)
        if room.state and known is not None and known.until - now <= SOON:
            log.warning("the subscription ends soon", extra={"desk": desk.id})
