"""The mail balance of a day, and the whole mail behind a message, for members."""

from __future__ import annotations

import datetime as dt

import azure.functions as func

from functions.visit import Visit, answer, api
from shared.domain.errors import Invalid, NotFound
from shared.service import mail_ledger, reads
from shared.service.mail_ledger import Day, Entry


@api
async def api_reconciliation(visit: Visit) -> func.HttpResponse:
    """What became of the mails of a day (UTC; without `date`, today)."""
    visit.member(visit.desk)
    text = visit.query("date")
    try:
        date = dt.date.fromisoformat(text) if text else visit.now.date()
    except ValueError as error:
        raise Invalid.of("date", "give a day as YYYY-MM-DD") from error
    return answer(day_json(await mail_ledger.day(visit.deps, visit.desk, date)))


def day_json(day: Day) -> dict[str, object]:
    """A day as the API tells it."""
    return {
        "date": day.date.isoformat(),
        "mails": len(day.entries),
        "tickets": day.count("ticket"),
        "follow_ups": day.count("follow_up"),
        "rejected": day.count("rejected"),
        "quarantined": day.count("quarantined"),
        "pending": day.count("pending"),
        "balanced": day.is_balanced,
        "entries": [_entry_json(entry) for entry in day.entries],
    }


def _entry_json(entry: Entry) -> dict[str, str | None]:
    at = entry.received_at.astimezone(dt.UTC)
    return {
        "message_id": entry.message,
        "received_at": at.isoformat().replace("+00:00", "Z"),
        "from": entry.sender,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "number": entry.number or None,
        "reason": entry.reason,
    }


@api
async def api_raw_mail(visit: Visit) -> func.HttpResponse:
    """The mail that a message came in, whole, as a file; `?text=1` gives its full text instead."""
    desk = visit.deps.desk_of(visit.route("number"))
    visit.member(desk)
    loaded = await reads.find(visit.deps, visit.route("number"))
    events = (r.event for r in loaded.history if str(r.seq) == visit.route("seq"))
    blob = getattr(next(events, None), "raw", "")
    if not blob:
        raise NotFound("no mail belongs to that message")
    content = await visit.deps.blobs.get(blob)
    name = f"{loaded.ticket.number}-{visit.route('seq')}"
    if visit.query("text"):
        from shared.mail_in.parse import parse_mail  # noqa: PLC0415  # imported in use

        return _file(parse_mail(content).text.encode(), "text/plain", f"{name}.txt")
    return _file(content, "application/octet-stream", f"{name}.eml")


def _file(content: bytes, kind: str, name: str) -> func.HttpResponse:
    """A file that no browser runs."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Content-Disposition": f"{'inline' if kind == 'text/plain' else 'attachment'};"
        f' filename="{name}"',
        "Cache-Control": "no-store",
    }
    return func.HttpResponse(content, headers=headers, mimetype=kind, charset="utf-8")
