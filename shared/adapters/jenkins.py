"""Build jobs in Jenkins, with a user's API token (Basic), which needs no crumb.

https://www.jenkins.io/doc/book/using/remote-access-api/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from shared.adapters.http import Authorise, OnCall, Wire, failure
from shared.adapters.marks import tag_of
from shared.domain.errors import NotFound, Rejected, Unavailable
from shared.ports import BuildState

if TYPE_CHECKING:
    import httpx

PARAMETER = "DOCKET_KEY"
"""A string parameter that each job must declare: Jenkins drops undeclared ones."""

_TIMEOUT = 20.0
_NEWEST = 10  # builds among which an earlier attempt is looked for
_QUEUED = re.compile(r"/queue/item/(\d+)")


class Jenkins:
    """Builds. A handle is `<job>#<queue item>`; Jenkins forgets queue items after five minutes."""

    def __init__(
        self,
        base_url: str,
        authorise: Authorise,
        *,
        timeout: float = _TIMEOUT,
        client: httpx.AsyncClient | None = None,
        on_call: OnCall | None = None,
    ) -> None:
        self._wire = Wire(
            "Jenkins",
            base_url,
            authorise=authorise,
            timeout=timeout,
            client=client,
            on_call=on_call,
        )

    async def start(self, job: str, key: str, *, again: bool) -> str:
        """Starts the job once per key; a handle to follow it by."""
        tag = tag_of(key)
        if again and (found := await self._started(job, tag)):
            return found
        path = f"{job_path(job)}/buildWithParameters"
        form = urlencode({PARAMETER: tag}).encode()
        answer = await self._post(path, form, {})
        if answer.status_code == 403:  # signed in by password: Jenkins wants its crumb
            answer = await self._post(path, form, await self._crumb())
        if answer.status_code == 403:
            raise failure("Jenkins", "start build", answer)
        queued = _QUEUED.search(answer.headers.get("location", ""))
        if queued is None:
            raise Rejected("Jenkins: the job was taken without a place in the queue")
        return f"{job}#{queued[1]}"

    async def follow(self, handle: str) -> BuildState:
        """How it goes; without a number while it waits. Raises NotFound when Jenkins forgot it."""
        job, _, item = handle.rpartition("#")
        answer = await self._wire.call(
            "queue item", "GET", f"/queue/item/{quote(item)}/api/json", accept=(404,)
        )
        if answer.status_code == 404:
            return await self._by_queue_item(job, item)
        queued = answer.json()
        if queued.get("cancelled"):
            return BuildState(None, "ABORTED", "")
        build = queued.get("executable")
        if not build:
            return BuildState(None, "", "")
        return _state(await self._build(job, build["number"]))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _post(self, path: str, form: bytes, headers: dict[str, str]) -> httpx.Response:
        headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return await self._wire.call(
            "start build", "POST", path, content=form, headers=headers, accept=(303, 403)
        )

    async def _crumb(self) -> dict[str, str]:
        found = await self._wire.fetch("crumb", "/crumbIssuer/api/json")
        return {str(found["crumbRequestField"]): str(found["crumb"])}

    async def _started(self, job: str, tag: str) -> str:
        """The handle of the build or queue item with our parameter, or ''."""
        known = await self._wire.fetch("job", f"{job_path(job)}/api/json")
        for listed in known["builds"][:_NEWEST]:
            build = await self._build(job, listed["number"])
            if tag in _parameters(build):
                return f"{job}#{build['queueId']}"
        waiting = known.get("queueItem")
        if waiting and tag in _parameters(waiting):
            return f"{job}#{waiting['id']}"
        if known.get("inQueue") and not waiting:
            raise Unavailable("Jenkins: a build waits in the queue and may be ours", 5.0)
        return ""

    async def _by_queue_item(self, job: str, item: str) -> BuildState:
        known = await self._wire.fetch("job", f"{job_path(job)}/api/json", missing=NotFound)
        for listed in known["builds"][:_NEWEST]:
            build = await self._build(job, listed["number"])
            if str(build["queueId"]) == item:
                return _state(build)
        raise NotFound("Jenkins no longer knows the build")

    async def _build(self, job: str, number: int) -> dict[str, Any]:
        path = f"{job_path(job)}/{int(number)}/api/json"
        return await self._wire.fetch("build", path, missing=NotFound)


def job_path(job: str) -> str:
    """The job's path; `folder/name` is a job in a folder."""
    return "".join(f"/job/{quote(part, safe='')}" for part in job.split("/"))


def _parameters(build: dict[str, Any]) -> set[str]:
    given = [p for action in build.get("actions") or () for p in action.get("parameters") or ()]
    return {str(p.get("value")) for p in given if p.get("name") == PARAMETER}


def _state(build: dict[str, Any]) -> BuildState:
    result = "" if build.get("building") else str(build.get("result") or "")
    return BuildState(int(build["number"]), result, str(build["url"]))
