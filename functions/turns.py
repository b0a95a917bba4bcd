"""A timer's work, desk by desk: what fails on one desk keeps no other from its turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from shared import telemetry

log = logging.getLogger(__name__)

type Turn = Callable[[str, str], AbstractContextManager[None]]


class TurnsFailed(Exception):
    """Some work failed on some desk; its words name nobody, since the host logs them."""


@contextmanager
def turns() -> Iterator[Turn]:
    """Gives `turn(work, desk)`, inside which a failure is logged and ends nothing but that turn.

    Raises TurnsFailed once all had their turn: alerts go by whether an invocation succeeded.
    """
    failed: list[str] = []

    @contextmanager
    def turn(work: str, desk: str) -> Iterator[None]:
        try:
            with telemetry.sweeping(work, desk):
                yield
        except Exception as error:
            failure = type(error).__name__
            facts = {"sweep": work, "desk": desk, "failure": failure}
            log.exception("a timer failed on a desk", extra=facts)
            failed.append(f"{work} of {desk}: {failure}")

    yield turn
    if failed:
        raise TurnsFailed("; ".join(failed))
