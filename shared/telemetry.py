"""What the running system tells about itself: traces, logs that name nobody, and measures.

Log records carry constant text and fields, never a body or an address. Measures are log records
too, so they are there without any telemetry package; where OpenTelemetry is on (the Functions
worker has imported it then), they become its metrics as well. Nothing is imported for that here.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

OURS = ("shared", "functions", "scripts")
# They log addresses of requests, in which mailboxes stand.
_TALKATIVE = ("httpx", "httpcore", "azure", "msgraph", "kiota_http", "msal")

# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("docket_trace", default="")

# name -> (unit, what it says); counted ones have the unit 1
MEASURES = {
    "docket.confirmation": ("s", "from a request's intake to its confirmation"),
    "docket.vendor.calls": ("1", "effects tried at a vendor, by kind and result"),
    "docket.outbox.age": ("s", "age of the oldest effect that waits"),
    "docket.outbox.dead": ("rows", "rows with effects that were given up"),
    "docket.sweep.duration": ("s", "how long a sweep took"),
    "docket.sweep.lateness": ("s", "how late the first row of a sweep was taken up"),
}


# -- traces


def trace() -> str:
    """The traceparent of what is going on; '' outside of any invocation."""
    return _current.get()


def arriving(header: str) -> str:
    """The trace that a request belongs to: the caller's, else the host's, else a new one."""
    found = header.strip().lower()
    if _TRACEPARENT.fullmatch(found):
        return found
    telemetry = sys.modules.get("opentelemetry.trace")
    span = telemetry.get_current_span().get_span_context() if telemetry else None
    if span is not None and span.is_valid:
        return f"00-{span.trace_id:032x}-{span.span_id:016x}-01"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


@contextmanager
def traced(parent: str) -> Iterator[None]:
    """Everything inside belongs to that trace: logs, outbox rows, and spans where those are on."""
    token = _current.set(parent)
    context = _telemetry_context(parent)
    attached = context.attach(_extracted(parent)) if context else None
    try:
        yield
    finally:
        if context and attached is not None:
            context.detach(attached)
        _current.reset(token)


def _telemetry_context(parent: str) -> Any:
    """OpenTelemetry's context module, when it is on and now in another trace."""
    telemetry = sys.modules.get("opentelemetry.trace")
    if not parent or telemetry is None or "opentelemetry.sdk" not in sys.modules:
        return None
    span = telemetry.get_current_span().get_span_context()
    return None if f"{span.trace_id:032x}" == parent[3:35] else sys.modules["opentelemetry.context"]


def _extracted(parent: str) -> Any:
    from opentelemetry.propagate import extract  # noqa: PLC0415  # only where telemetry is on

    return extract({"traceparent": parent})


# -- logs


def set_up_logs() -> None:
    """Every record carries its trace, ours lose what exceptions say. A second call does nothing.

    An exception's message may hold what somebody wrote (a validation error shows its input), so
    only its type and the places in the code are kept.
    """
    make = logging.getLogRecordFactory()
    if getattr(make, "is_docket", False):
        return

    def record(*args: Any, **more: Any) -> logging.LogRecord:
        made = make(*args, **more)
        made.docket_trace = trace()[3:35]
        if made.exc_info and made.name.split(".")[0] in OURS:
            made.docket_failure = getattr(made.exc_info[0], "__name__", "")
            made.exc_text, made.exc_info = _without_words(made.exc_info[1]), None
        return made

    record.is_docket = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_words(error: BaseException | None) -> str:
    """The traceback of the failure and its causes, with types in place of messages."""
    parts: list[str] = []
    while error is not None and len(parts) < 10:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"{frames}{type(error).__name__}")
        error = error.__cause__ or error.__context__
    return "\n".join(parts)


# -- measures


def measure(name: str, value: float, *, ticket: str = "", **attributes: str) -> None:
    """Says how much; `name` is one of MEASURES. A ticket stands in the log only."""
    told: dict[str, object] = {"measure": name, "value": value, **attributes}
    if ticket:
        told["ticket"] = ticket
    log.info("measured", extra=told)
    if "opentelemetry.metrics" in sys.modules:
        _instrument(name)(value, attributes)


@cache
def _instrument(name: str) -> Any:
    unit, says = MEASURES[name]
    meter = sys.modules["opentelemetry.metrics"].get_meter("docket")
    if unit == "1":
        return meter.create_counter(name, unit=unit, description=says).add
    if unit == "rows":
        return meter.create_gauge(name, unit=unit, description=says).set
    return meter.create_histogram(name, unit=unit, description=says).record


@contextmanager
def sweeping(sweep: str, desk: str) -> Iterator[None]:
    """Measures how long a sweep takes, whatever comes of it."""
    began = time.monotonic()
    try:
        yield
    finally:
        measure("docket.sweep.duration", time.monotonic() - began, sweep=sweep, desk=desk)
