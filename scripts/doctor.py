"""`scripts/docket doctor`: the doctor's findings on the command line.

Takes the settings of the environment, as the app does; `--local` those of `make run`.
Ends with 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from shared.context import compose
from shared.domain.errors import NotFound
from shared.probing import examine_desk
from shared.service.doctor import Finding
from shared.settings import MissingSettingsError, Settings

SIGNS = {"well": "ok  ", "wrong": "FAIL", "unused": "-   "}


def main(arguments: list[str]) -> int:
    """Prints a line for each connection of the desks."""
    parser = argparse.ArgumentParser(prog="docket doctor", description=__doc__)
    parser.add_argument("--desk", help="only this desk")
    parser.add_argument("--local", action="store_true", help="what `make run` started")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings.read(_local() if chosen.local else None)
        found = asyncio.run(_look(settings, chosen.desk))
    except (MissingSettingsError, NotFound) as error:
        print(f"docket doctor: {error}", file=sys.stderr)
        return 2
    for desk, findings in found.items():
        print(f"\n{desk}")
        for finding in findings:
            print(_line(finding))
    return int(any(f.state == "wrong" for findings in found.values() for f in findings))


async def _look(settings: Settings, desk: str | None) -> dict[str, list[Finding]]:
    app = compose(settings)
    desks = [app.deps.desk(desk)] if desk else list(app.deps.desks.values())
    return {one.id: await examine_desk(app, one) for one in desks}


def _line(finding: Finding) -> str:
    told = f"  {SIGNS[finding.state]} {finding.name}: {finding.said}"
    return f"{told}\n         mend: {finding.mend}" if finding.mend else told


def _local() -> dict[str, str]:
    """The settings that `make run` gives to the app."""
    from local.azurite import Ports, connection_string  # noqa: PLC0415  # only with --local
    from local.environment import app_settings  # noqa: PLC0415
    from local.run import Plan  # noqa: PLC0415

    plan = Plan.read(os.environ)
    first = plan.azurite_port
    storage = connection_string(Ports(blob=first, queue=first + 1, table=first + 2))
    return app_settings(
        public_url=plan.app_url, tenant_url=plan.tenant_url, storage=storage, data=plan.data
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
