"""Azure Functions Core Tools in place of this host: `func start` with the same settings.

What differs under Core Tools, which is Microsoft's own host on a developer's machine:
- there is no App Service authentication before them: local/gate.py stands there instead;
- function and admin keys are not asked for, so they must not be reached from other machines: before
  version 4.13.0 they listened on all of a machine's interfaces, and are refused here;
- the shared clock does not reach them: timers run on real time, and POST /.docket/clock is unknown;
- the first start downloads the extension bundle, which needs the internet, and some minutes.
https://learn.microsoft.com/azure/azure-functions/functions-run-local
https://github.com/Azure/azure-functions-core-tools/pull/5484
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.host.queue_wire import DEFAULT_CONNECTION

OLDEST = (4, 13, 0)
INSTALL = "`npm install -g azure-functions-core-tools@4`, or run without HOST=func"
STARTS_WITHIN = 600.0  # seconds: the first start downloads the extension bundle
SAYS_VERSION_WITHIN = 300.0  # seconds: npm's package downloads the program at its first call
NOTE = "Runs on Core Tools: no function key is asked for, and timers follow real time alone."


class CoreToolsMissingError(RuntimeError):
    """There is no `func` that can be used; the message says how to get one."""


def command(port: int, path: str | None = None) -> list[str]:
    """The argv for a start in the app's folder; `path` replaces PATH in the search for `func`.

    Raises CoreToolsMissingError, also for a version that other machines could reach.
    """
    func = shutil.which("func", path=path)
    if func is None:
        raise CoreToolsMissingError(f"Azure Functions Core Tools are not installed: {INSTALL}")
    said = _version(func)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said)
    if found is None or tuple(map(int, found.groups())) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise CoreToolsMissingError(
            f"`func --version` says {said[-80:] or 'nothing'!r}; {wanted} or newer is needed, since"
            f" those before can be reached from other machines: {INSTALL}"
        )
    return [func, "start", "--port", str(port), "--address", "127.0.0.1"]


def _version(func: str) -> str:
    try:
        ran = subprocess.run(  # noqa: S603  # the developer's own `func`
            [func, "--version"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=SAYS_VERSION_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip()


def settings(storage: str, app_settings: Mapping[str, str]) -> dict[str, str]:
    """What `func` needs besides the environment that it inherits: the app's settings, its storage
    and this interpreter, by both of the names under which it is looked up and first on PATH."""
    beside_python = str(Path(sys.executable).parent)
    return {
        **app_settings,
        DEFAULT_CONNECTION: storage,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "languageWorkers__python__defaultExecutablePath": sys.executable,
        "languageWorkers:python:defaultExecutablePath": sys.executable,
        "PATH": os.pathsep.join((beside_python, os.environ.get("PATH", ""))),
        "WEBSITE_AUTH_ENABLED": "True",  # by the gate
        "CONTAINER_NAME": "",  # the host takes a name in it for a sign of Azure
    }
