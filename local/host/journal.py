"""The invocation log: one line for each invocation, on stderr."""

import logging
import sys
import time

log = logging.getLogger("local.host.journal")
# They log a line or more for every call; at the app's rate that drowns everything else.
CHATTY = (
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.identity",
    "httpx",
    "httpcore",
    "uvicorn",
)


def start_logging(level: int) -> None:
    """Sends the app's and the host's records from `level` up to stderr, one line each."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def record(function: str, seconds: float, *, ok: bool) -> None:
    """`function` is a name of the app's, `seconds` how long it ran."""
    if log.isEnabledFor(logging.INFO):
        # A logging record costs as much as a whole small invocation, so the line is written here.
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        result = "succeeded" if ok else "failed"
        sys.stderr.write(
            f"{stamp},{int(now % 1 * 1000):03d} INFO {log.name}: "
            f"Invocation ended: {function}, {seconds * 1000:.1f} ms, {result}\n"
        )
