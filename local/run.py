"""`make run`: storage emulator, simulated tenant and function app, until Ctrl-C."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.azurite import AzuriteMissingError, Ports, command, connection_string
from local.environment import app_settings
from local.host import core_tools
from local.parts import SIGNALS, Parts
from local.state import CannotRunError, begin_demo, end_demo, is_fresh, prepare

PROJECT = Path(__file__).resolve().parent.parent
# A month in a minute leaves no time for waiting between two looks at a queue.
EAGER = {"AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.1000000"}


@dataclass(frozen=True)
class Plan:
    """Where everything goes."""

    port: int
    tenant_port: int
    azurite_port: int
    data: Path
    reset: bool
    demo: bool
    core_tools: bool

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Plan:
        """From DOCKET_* and the words after `make run`."""

        if (environment.get("DEMO"), environment.get("HOST")) == ("1", "func"):
            raise CannotRunError("DEMO=1 moves the clock, Core Tools cannot; leave HOST=func out")

        def port(name: str, default: int) -> int:
            text = environment.get(name) or str(default)
            if not text.isdigit() or not 1 <= int(text) <= 65533:
                raise CannotRunError(f"{name}={text} is no port; give a number from 1 to 65533")
            return int(text)

        return cls(
            port=port("DOCKET_PORT", 7071),
            tenant_port=port("DOCKET_TENANT_PORT", 7072),
            azurite_port=port("DOCKET_AZURITE_PORT", 10000),
            data=Path(environment.get("DOCKET_DATA") or ".docket").resolve(),
            reset=environment.get("RESET") == "1",
            demo=environment.get("DEMO") == "1",
            core_tools=environment.get("HOST") == "func",
        )

    @property
    def app_url(self) -> str:
        """Where people open Docket."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage(self) -> str:
        """The emulator's connection string."""
        return connection_string(self.ports)

    @property
    def ports(self) -> Ports:
        """The emulator's three."""
        first = self.azurite_port
        return Ports(blob=first, queue=first + 1, table=first + 2)

    @property
    def tenant_url(self) -> str:
        """Where the simulated tenant shows its mailboxes."""
        return f"http://127.0.0.1:{self.tenant_port}"


def check_ports(plan: Plan) -> None:
    """Raises CannotRunError naming the first port that is taken, and its variable."""
    first = plan.azurite_port
    seen: dict[int, str] = {}
    for number, name in (
        (plan.port, "DOCKET_PORT"),
        (plan.tenant_port, "DOCKET_TENANT_PORT"),
        *((first + i, "DOCKET_AZURITE_PORT") for i in range(3)),
    ):
        if number in seen:
            raise CannotRunError(f"{seen[number]} and {name} both take port {number}; change one")
        seen[number] = name
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError as error:
                raise CannotRunError(
                    f"port {number} is taken; stop what uses it, or choose another with {name}=..."
                ) from error


def start(plan: Plan, parts: Parts) -> None:
    """Starts everything and waits until it answers."""
    environment = app_settings(
        public_url=plan.app_url, tenant_url=plan.tenant_url, storage=plan.storage, data=plan.data
    )
    background = _free_port()
    func = _core_tools(background) if plan.core_tools else None
    parts.start("azurite", command(plan.ports, plan.data / "azurite"), {})
    python = [sys.executable, "-m"]
    clock = [] if plan.core_tools else ["--clock-url", f"http://127.0.0.1:{background}"]
    parts.start(
        "tenant",
        [*python, "local.tenant", "--port", str(plan.tenant_port), "--data", str(plan.data),
         "--host-url", plan.app_url, *clock],
        {},
    )  # fmt: skip
    for offset in range(3):
        parts.wait_for("azurite", plan.azurite_port + offset)
    parts.wait_for("tenant", plan.tenant_port, "/control/clock")
    if func:
        parts.start("host", func, core_tools.settings(plan.storage, environment))
        parts.wait_for("host", background, "/api/health", within=core_tools.STARTS_WITHIN)
        parts.start("gate", _gate(plan.port, background), {})
    else:
        parts.start("host", _host(plan, plan.port, "http"), environment)
        # Queues and timers have instances of their own on Flex Consumption; here too.
        eager = EAGER if plan.demo else {}
        parts.start("worker", _host(plan, background, "background"), {**environment, **eager})
        parts.wait_for("worker", background, "/admin/host/status")
    parts.wait_for("gate" if plan.core_tools else "host", plan.port, "/api/health")
    # Timers begin with their first due minute; mail that comes before should not wait for it.
    parts.run_now(background, "poll_mailboxes")


def _host(plan: Plan, port: int, triggers: str) -> list[str]:
    return [
        sys.executable, "-m", "local.host", "--app", str(PROJECT), "--port", str(port),
        "--data", str(plan.data), "--triggers", triggers, "--strict",
    ]  # fmt: skip


def _gate(port: int, host: int) -> list[str]:
    return [
        sys.executable, "-m", "local.gate", "--app", str(PROJECT), "--port", str(port),
        "--to", f"http://127.0.0.1:{host}",
    ]  # fmt: skip


def _core_tools(port: int) -> list[str]:
    try:
        return core_tools.command(port)
    except core_tools.CoreToolsMissingError as error:
        raise CannotRunError(str(error)) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ready(plan: Plan) -> str:
    """What a new user needs to know."""
    note = f"  {core_tools.NOTE}\n" if plan.core_tools else ""
    return f"""
Docket is ready

  Portal for clients    {plan.app_url}/
  Console for staff     {plan.app_url}/desk/mytc   {plan.app_url}/desk/door
  Sign in as            {plan.app_url}/.auth/login/local   (holly@mytc.example is the lead of mytc)
  Microsoft 365 here    {plan.tenant_url}/   (mailboxes, Teams, DevOps, Jira, Forms, the clock)

{note}  State is kept in {plan.data}; logs lie there too. Ctrl-C stops everything.
"""


def main() -> int:
    """Runs until Ctrl-C; 1 with one clear line when something is in the way."""
    try:
        plan = Plan.read(os.environ)
        with prepare(plan.data, reset=plan.reset):
            return _run(plan)
    except (CannotRunError, AzuriteMissingError) as error:
        print(f"make run: {error}", file=sys.stderr)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"make run: the disk is full ({error.filename}); make room", file=sys.stderr)
    return 1


def _run(plan: Plan) -> int:
    check_ports(plan)
    parts = Parts(plan.data)
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        if plan.demo and is_fresh(plan.data):
            begin_demo(plan.data)
        start(plan, parts)
        if plan.demo:
            _fill(plan)
        print(ready(plan), flush=True)
        while True:
            parts.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
        return 0
    finally:
        parts.stop()


def _fill(plan: Plan) -> None:
    from local import demo  # noqa: PLC0415  # only when asked for

    demo.fill(plan.app_url, plan.tenant_url, plan.storage)
    end_demo(plan.data)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
