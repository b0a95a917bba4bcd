"""Indexes many small apps, each in a fork of one warm process, and prints what became of them."""

import json
import os
import sys
from pathlib import Path

from local.host import worker

PROJECT = Path(__file__).resolve().parents[2]


def outcome(app: Path) -> dict[str, object]:
    """`{"functions": [...]}` or `{"error": "..."}`."""
    sys.path[:] = [each for each in sys.path if Path(each) != PROJECT]
    sys.path.append(str(app))
    os.chdir(app)
    try:
        return {"functions": [each.name for each in worker.index(app)]}
    except Exception as error:  # noqa: BLE001 - the cases are about any failure
        return {"error": repr(error)}


def in_a_fork(app: Path) -> dict[str, object]:
    """Indexing is possible once a process, so each app gets one."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps(outcome(app)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        found: dict[str, object] = json.loads(answer.read())
    os.wait()
    return found


if __name__ == "__main__":
    apps = sorted(Path(sys.argv[1]).iterdir())
    sys.stdout.write(json.dumps({app.name: in_a_fork(app) for app in apps}))
