"""`python -m local.host --app DIR`: serves a function app on this machine."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from local.azurite import Ports, connection_string
from local.host.errors import HostError
from local.host.host import Options
from local.host.journal import start_logging
from local.host.queue_poller import LEASE
from local.host.queue_wire import DEFAULT_CONNECTION
from local.host.server import Launch, listen, prepare, serve


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    found.add_argument("--app", type=Path, default=Path(), help="the function app's folder")
    found.add_argument("--port", type=int, default=7071, help="0 takes a free one")
    found.add_argument("--data", type=Path, default=Path(".docket"), help="clock and timer states")
    found.add_argument(
        "--azurite-port",
        type=int,
        help="blob port of Azurite (queue +1, table +2); without it AzureWebJobsStorage counts",
    )
    found.add_argument("--strict", action="store_true", help="stop when the app cannot be indexed")
    found.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    found.add_argument(
        "--queue-lease",
        type=int,
        default=LEASE,
        help="seconds a message stays hidden while its function runs (Azure: 600)",
    )
    found.add_argument(
        "--triggers",
        default="all",
        choices=("all", "http", "background"),
        help="which functions run here, as Flex Consumption keeps HTTP on instances of its own",
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Gives the exit code: 0 after a signal, 1 when the host could not start."""
    given = parser().parse_args(arguments)
    start_logging(logging.getLevelNamesMapping()[given.log_level.upper()])
    if given.azurite_port is not None:
        first = given.azurite_port
        os.environ[DEFAULT_CONNECTION] = connection_string(Ports(first, first + 1, first + 2))
    options = Options(given.app.resolve(), given.data.resolve(), given.queue_lease, given.triggers)
    launch = Launch(options, given.port, given.strict)
    try:
        with listen(launch.port) as sock:
            clean = uvloop.run(serve(launch, sock, prepare(launch)))
    except HostError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    if not clean:
        # A function's thread that never ends would hold the interpreter.
        os._exit(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
