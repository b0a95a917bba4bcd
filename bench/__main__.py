"""`make bench`: what a request costs, as ratios within one run on this machine."""

from __future__ import annotations

import asyncio

from bench import deliveries, imports, submissions


def main() -> None:
    """Prints the tables; times are this run's own, so compare the ratios."""
    imports.report()
    asyncio.run(submissions.report())
    asyncio.run(deliveries.report())


if __name__ == "__main__":
    main()
