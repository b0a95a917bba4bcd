"""Build jobs in Jenkins."""

import asyncio
import time

import httpx
import pytest

from shared.adapters.credentials import basic
from shared.adapters.jenkins import Jenkins
from shared.domain.errors import NotFound, Unavailable
from shared.ports import BuildState
from tests.adapters.control import Control


async def ended(jenkins: Jenkins, handle: str) -> BuildState:
    """The build's end, within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        state = await jenkins.follow(handle)
        if state.result:
            return state
        await asyncio.sleep(0.05)
    raise AssertionError("the build did not end")


async def test_a_job_is_started_and_followed_to_its_end(
    tenant: Control, jenkins: Jenkins, fresh: str
) -> None:
    handle = await jenkins.start(fresh, fresh, again=False)
    tenant.advance("PT5S")
    state = await ended(jenkins, handle)
    assert (state.number, state.result) == (1, "SUCCESS")
    assert state.url.endswith(f"/job/{fresh}/1/")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 504, "after_effect": True},
        {"drop": True, "after_effect": True},
        {"status": 503},
        {"drop": True},
    ],
)
async def test_whatever_is_lost_on_the_way_one_build_runs(
    tenant: Control, jenkins: Jenkins, fresh: str, fault: dict[str, object]
) -> None:
    tenant.fault("jenkins", method="POST", path="*", **fault)
    with pytest.raises(Unavailable):
        await jenkins.start(fresh, fresh, again=False)
    tenant.advance("PT5S")
    handle = await jenkins.start(fresh, fresh, again=True)
    tenant.advance("PT5S")
    assert (await ended(jenkins, handle)).number == 1


def jenkins_with(answer: object) -> Jenkins:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))  # type: ignore[arg-type]
    return Jenkins("https://jenkins.contoso.com", basic("docket", "password"), client=client)


def waiting(tag: str) -> dict[str, object]:
    return {"id": 9, "actions": [{"parameters": [{"name": "DOCKET_KEY", "value": tag}]}]}


async def test_a_build_that_waits_in_the_queue_is_found_by_its_key() -> None:
    job = {"builds": [], "inQueue": True, "queueItem": waiting("docket-k")}
    jenkins = jenkins_with(lambda _: httpx.Response(200, json=job))
    assert await jenkins.start("deploy", "k", again=True) == "deploy#9"
    await jenkins.aclose()


async def test_a_build_in_the_queue_that_cannot_be_told_is_waited_for() -> None:
    jenkins = jenkins_with(lambda _: httpx.Response(200, json={"builds": [], "inQueue": True}))
    with pytest.raises(Unavailable, match="queue"):
        await jenkins.start("deploy", "k", again=True)
    await jenkins.aclose()


async def test_a_build_without_a_number_is_still_waiting() -> None:
    jenkins = jenkins_with(lambda _: httpx.Response(200, json={"id": 1, "why": "quiet"}))
    assert await jenkins.follow("deploy#1") == BuildState(None, "", "")
    await jenkins.aclose()


async def test_a_crumb_is_fetched_where_jenkins_asks_for_one() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "crumbIssuer" in request.url.path:
            return httpx.Response(200, json={"crumb": "c1", "crumbRequestField": "Jenkins-Crumb"})
        if "jenkins-crumb" not in request.headers:
            return httpx.Response(403, text="No valid crumb was included in the request")
        location = "https://jenkins.contoso.com/queue/item/77/"
        return httpx.Response(201, headers={"location": location})

    jenkins = jenkins_with(answer)
    assert await jenkins.start("folder/deploy", "k", again=False) == "folder/deploy#77"
    await jenkins.aclose()


async def test_a_build_is_followed_after_its_queue_item_was_forgotten() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if "/queue/" in path:
            return httpx.Response(404)
        if path == "/job/deploy/api/json":
            return httpx.Response(200, json={"builds": [{"number": 5}, {"number": 4}]})
        number = int(path.split("/")[3])
        build = {"number": number, "queueId": 70 + number, "building": False, "url": "u"}
        return httpx.Response(200, json={**build, "result": "FAILURE"})

    jenkins = jenkins_with(answer)
    assert await jenkins.follow("deploy#74") == BuildState(4, "FAILURE", "u")
    with pytest.raises(NotFound):
        await jenkins.follow("deploy#1")
    await jenkins.aclose()


async def test_a_build_that_was_cancelled_in_the_queue_is_aborted() -> None:
    jenkins = jenkins_with(lambda _: httpx.Response(200, json={"id": 1, "cancelled": True}))
    assert await jenkins.follow("deploy#1") == BuildState(None, "ABORTED", "")
    await jenkins.aclose()
