"""From a folder and a port to a served app: index, listen, and leave politely."""

import asyncio
import os
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from local.host import worker
from local.host.errors import HostError
from local.host.host import Host, Options
from local.host.host_json import HostJson, read_host_json
from local.host.manifest import Function, admit
from local.host.queue_wire import Wires

ADDRESS = "127.0.0.1"
DRAIN = 10.0  # seconds that running invocations get at the end
KEEP_ALIVE = 130  # seconds, as Kestrel


@dataclass(frozen=True)
class Launch:
    """What to serve and how; port 0 takes a free one."""

    options: Options
    port: int
    strict: bool = False


class _Server(uvicorn.Server):
    """Signals are the host's business: uvicorn would die of them again at its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """Raises HostError when the port is taken."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((ADDRESS, port))
        server.listen(1024)
    except OSError as error:
        server.close()
        raise HostError(f"Port {port} of {ADDRESS} cannot be used: {error.strerror}") from error
    server.setblocking(False)
    return server


def index(app: Path, *, strict: bool) -> tuple[Function, ...]:
    """An app that cannot be indexed has no functions, as in Azure; `strict` stops instead."""
    try:
        found = worker.index(app)
    except (Exception, SystemExit) as error:
        traceback.print_exception(error)
        _say(f"The app could not be indexed, so it has no functions: {error!r}")
        if strict:
            raise HostError("Stopped, because --strict was given.") from error
        return ()
    if not found:
        _say(f"No functions found: is there a function_app.py in {app}?")
    return admit(found, _say)


async def serve(launch: Launch, sock: socket.socket, host_json: HostJson) -> bool:
    """Runs until SIGTERM or SIGINT; True when everything that ran came to its end."""
    options = launch.options
    functions = index(options.app, strict=launch.strict)
    async with Wires() as wires:
        host = Host(functions, host_json, options, wires, _say)
        config = uvicorn.Config(
            host.front,
            http="httptools",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(DRAIN),
            timeout_keep_alive=KEEP_ALIVE,
        )
        server = _Server(config)
        _on_signals(server, host)
        host.start()
        port = sock.getsockname()[1]
        _announce(functions, host_json, port)
        await server.serve(sockets=[sock])
        return await host.stop(DRAIN)


def prepare(launch: Launch) -> HostJson:
    """Makes this process look like the worker's: folder, import path, settings."""
    app = launch.options.app
    host_json = read_host_json(app)
    started_in = Path.cwd()
    os.chdir(app)
    # Locally the app's folder comes last; in Azure it comes first. The folder that the host was
    # started in is no part of the app, and may hold another function_app.py.
    apart = (app, started_in)
    sys.path[:] = [each for each in sys.path if each and Path(each).resolve() not in apart]
    sys.path.append(str(app))
    os.environ["WEBSITE_AUTH_ENABLED"] = "True"
    os.environ.setdefault("FUNCTIONS_WORKER_RUNTIME", "python")
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    return host_json


def _on_signals(server: uvicorn.Server, host: Host) -> None:
    seen: set[int] = set()

    def leave(number: int) -> None:
        # Ctrl-C reaches us from the terminal, and a supervisor may add a SIGTERM: only a second
        # Ctrl-C is impatience.
        if number == signal.SIGINT and number in seen:
            os._exit(1)
        if not seen:
            _say("Stopping: finishing what runs")
        seen.add(number)
        host.quiesce()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave, number)


def _announce(functions: tuple[Function, ...], host_json: HostJson, port: int) -> None:
    base = f"http://{ADDRESS}:{port}"
    prefix = f"/{host_json.route_prefix}" if host_json.route_prefix else ""
    for function in functions:
        if function.kind == "httpTrigger":
            methods = ",".join(function.methods) or "all"
            _say(f"  {function.name}: [{methods}] {base}{prefix}/{function.route}")
        elif function.kind == "queueTrigger":
            _say(f"  {function.name}: queueTrigger {function.trigger['queueName']}")
        else:
            _say(f"  {function.name}: timerTrigger {function.trigger['schedule']}")
    _say(f"Host ready on {base}")


def _say(line: str) -> None:
    print(line, flush=True)
