"""The journal of calls with the ordered faults, and the clock."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.faults import Fault
from local.tenant.viewer.page import render, see_other

_SERVICES = ("graph", "acs", "azure-devops", "jira", "jenkins", "teams-webhook", "inbound")
_SHOWN = 200
_STEPS = (("PT1H", "1 hour"), ("PT4H", "4 hours"), ("P1D", "1 day"))
_WORK_BEGINS = 9


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/calls`, `/calls/faults`, `/clock`."""
    pages = _Pages(tenant)
    return [
        Route("/calls", pages.calls, methods=["GET"]),
        Route("/calls/faults", pages.order_fault, methods=["POST"]),
        Route("/calls/faults/clear", pages.clear_faults, methods=["POST"]),
        Route("/clock", pages.clock, methods=["GET"]),
        Route("/clock", pages.advance, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def calls(self, request: Request) -> Response:
        return self._calls(request, "")

    def _calls(self, request: Request, mistake: str) -> Response:
        service = request.query_params.get("service", "")
        only_bad = bool(request.query_params.get("bad"))
        entries = [
            entry
            for entry in reversed(self._tenant.journal.recent)
            if service in ("", entry["service"])
            and not (only_bad and 0 < entry["status"] < 400 and not entry.get("fault"))
        ]
        return render(
            request,
            "calls.html",
            "calls",
            entries=entries[:_SHOWN],
            total=len(entries),
            services=_SERVICES,
            service=service,
            only_bad=only_bad,
            faults=self._tenant.faults.as_json(),
            mistake=mistake,
        )

    async def order_fault(self, request: Request) -> Response:
        form = await request.form()
        order: dict[str, Any] = {
            name: str(value) for name, value in form.items() if str(value).strip()
        }
        for name in ("drop", "after_effect"):
            order[name] = name in order
        try:
            self._tenant.faults.add(Fault.model_validate(order))
        except ValidationError as error:
            first = error.errors()[0]
            return self._calls(request, f"{first['loc'][0]}: {first['msg']}")
        return see_other("/calls")

    async def clear_faults(self, request: Request) -> Response:
        self._tenant.faults.clear()
        return see_other("/calls")

    async def clock(self, request: Request) -> Response:
        now = self._tenant.now()
        monday = next_monday(now)
        return render(request, "clock.html", "clock", now=now, steps=_STEPS, monday=monday)

    async def advance(self, request: Request) -> Response:
        form = await request.form()
        step = str(form.get("advance", ""))
        if step == "monday":
            now = self._tenant.now()
            step = f"PT{ceil((next_monday(now) - now).total_seconds())}S"
        await self._tenant.advance(step)
        return see_other("/clock")


def next_monday(now: datetime) -> datetime:
    """The first Monday 9:00 UTC after `now`."""
    nine = now.replace(hour=_WORK_BEGINS, minute=0, second=0, microsecond=0)
    monday = nine + timedelta(days=-now.weekday() % 7)
    return monday if monday > now else monday + timedelta(days=7)
