"""Azure Functions Core Tools in place of this host: `func start` with the same settings.

What differs under Core Tools, which is Microsoft's own host on a developer's machine:
- there is no App Service authentication: nothing strips or adds X-MS-* headers, personas and the
  /.auth pages do not exist, so a caller sends its own X-MS-CLIENT-PRINCIPAL or is refused;
- function and admin keys are not asked for;
- the shared clock does not reach it: timers run on real time, and POST /.docket/clock is unknown;
- the first start downloads the extension bundle, which needs the internet;
- Core Tools must know the Python version of this environment (4.2 or newer for 3.13).
https://learn.microsoft.com/azure/azure-functions/functions-run-local
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from local.host.queue_wire import DEFAULT_CONNECTION


class CoreToolsMissingError(RuntimeError):
    """`func` is not on PATH; the message says how to get it."""


def command(port: int, path: str | None = None) -> list[str]:
    """The argv for a start in the app's folder; `path` replaces PATH in the search for `func`.

    Raises CoreToolsMissingError.
    """
    func = shutil.which("func", path=path)
    if func is None:
        raise CoreToolsMissingError(
            "Azure Functions Core Tools are not installed: `npm install -g "
            "azure-functions-core-tools@4`, or run without HOST=func for the built-in host"
        )
    return [func, "start", "--port", str(port)]


def settings(storage: str, app_settings: Mapping[str, str]) -> dict[str, str]:
    """The app settings that Core Tools need besides the app's own."""
    return {
        **app_settings,
        DEFAULT_CONNECTION: storage,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "languageWorkers__python__defaultExecutablePath": sys.executable,
    }


def environment(storage: str, app_settings: Mapping[str, str]) -> dict[str, str]:
    """A whole environment for `func`: ours, the settings, and this interpreter first on PATH."""
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join((beside_python, os.environ.get("PATH", "")))
    return {**os.environ, **settings(storage, app_settings), "PATH": path}


def local_settings(storage: str, app_settings: Mapping[str, str], port: int) -> str:
    """The same as the text of a local.settings.json, for editors that start `func` themselves."""
    content = {
        "IsEncrypted": False,
        "Values": settings(storage, app_settings),
        "Host": {"LocalHttpPort": port},
    }
    return json.dumps(content, indent=2) + "\n"
