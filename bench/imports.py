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
    """Interleaved runs, medians, and the ratio."""
    pairs = [(_seconds(BASE), _seconds(APP)) for _ in range(RUNS + 1)][1:]
    base, app = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"import: function_app {app:.2f} s, its three packages alone {base:.2f} s: {ratio:.2f} x")
    loaded = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{APP}, sys; print(*[m for m in {HEAVY} if m in sys.modules])"],
        check=True,
        capture_output=True,
        text=True,
    )
    print(f"        heavy packages loaded at start: {loaded.stdout.split() or 'none'}")


if __name__ == "__main__":
    report()
