"""What a cold start imports."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

BASE = "import azure.functions, azure.data.tables.aio, pydantic"
APP = "import function_app"
# What an instance has loaded when its first visitor is served: the app, and the handler's modules.
STORAGE = "shared.adapters.blobs, shared.adapters.queues, shared.adapters.tables"
SERVED = {
    "intake": f"import function_app, functions.api, {STORAGE}",
    "a delivery": f"import function_app, functions.workers, {STORAGE}",
    "a console page": f"import function_app, functions.console_ticket, {STORAGE}, jinja2",
}
HEAVY = ("msgraph", "azure.identity", "azure.communication.email", "sqlglot", "jinja2", "holidays")
RUNS = 7


# Packages lie compiled on Azure; so do ours, in a folder of this run's own.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": tempfile.mkdtemp(prefix="docket-bench-")
}


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=_ENVIRONMENT)  # noqa: S603
    return time.perf_counter() - began


def report() -> None:
    """Interleaved runs, medians, and ratios to the app's three packages alone."""
    codes = {"function_app": APP, **SERVED}
    rounds = [(_seconds(BASE), *map(_seconds, codes.values())) for _ in range(RUNS + 1)][1:]
    print(f"import: its three packages alone {statistics.median(r[0] for r in rounds):.2f} s")
    for place, name in enumerate(codes, start=1):
        took = statistics.median(r[place] for r in rounds)
        ratio = statistics.median(r[place] / r[0] for r in rounds)
        what = "function_app" if name == "function_app" else f"and all that {name} needs"
        print(f"        {what} {took:.2f} s: {ratio:.2f} x")
    loaded = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{APP}, sys; print(*[m for m in {HEAVY} if m in sys.modules])"],
        check=True,
        capture_output=True,
        text=True,
    )
    print(f"        heavy packages loaded at start: {loaded.stdout.split() or 'none'}")


if __name__ == "__main__":
    report()
