"""Copies the scripts that pages load from node_modules, so that what is deployed needs no npm."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {"htmx.org/dist/htmx.min.js": "htmx.min.js"}


def main() -> int:
    """Gives the exit code: 1 when `npm ci` has not run."""
    target = ROOT / "web" / "static" / "vendor"
    target.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        path = ROOT / "node_modules" / source
        if not path.is_file():
            print(f"{path} is missing; run `npm ci` first", file=sys.stderr)
            return 1
        shutil.copyfile(path, target / name)
        print(f"{source} -> web/static/vendor/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
