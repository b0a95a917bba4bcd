"""Waiting for something to become true, with an end."""

import time
from collections.abc import Callable


def until[T](look: Callable[[], T], *, within: float = 20.0) -> T:
    """Looks until the answer is truthy and gives it; AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found
