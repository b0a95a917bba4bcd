"""How long to wait between attempts of a call that may be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Exponential with jitter: `retries` after the first attempt, about `base` seconds at first.

    `patience`: seconds; a server that asks for a longer wait gets no further attempt.
    """

    retries: int = 3
    base: float = 0.2
    patience: float = 2.0

    def waits(self) -> Iterator[float | None]:
        """The wait after each failed attempt; None after the last."""
        for attempt in range(self.retries):
            # Jitter keeps instances that failed together from coming back together.
            yield self.base * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        yield None
