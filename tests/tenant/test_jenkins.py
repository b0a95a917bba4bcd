"""The simulated Jenkins queues, runs and ends builds on the shared clock."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tenant.backlog_support import Site, backlog_site

JOB = "/jenkins/job/preprod-deploy"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with backlog_site(tmp_path) as made:
        yield made


async def start(site: Site) -> str:
    answer = await site.http.post(f"{JOB}/buildWithParameters", data={"TARGET": "preprod"})
    assert answer.status_code == 201
    return f"{answer.headers['location']}api/json"


async def build_of(site: Site, queue_item: str) -> dict[str, Any]:
    item = (await site.http.get(queue_item)).json()
    build: dict[str, Any] = (await site.http.get(f"{item['executable']['url']}api/json")).json()
    return build


async def test_a_build_waits_in_the_queue_runs_and_succeeds(site: Site) -> None:
    await site.http.post("/control/jenkins", json={"job": "preprod-deploy", "seconds": 600})
    item = await start(site)
    waiting = (await site.http.get(item)).json()
    assert waiting["why"]
    assert "executable" not in waiting
    await site.tenant.advance("PT1S")
    running = await build_of(site, item)
    assert (running["building"], running["result"]) == (True, None)
    await site.tenant.advance("PT10M")
    done = await build_of(site, item)
    assert (done["building"], done["result"], done["number"]) == (False, "SUCCESS", 1)
    parameters = done["actions"][0]["parameters"]
    assert parameters == [{"name": "TARGET", "value": "preprod"}]


async def test_an_ordered_failure_is_the_next_builds_result_only(site: Site) -> None:
    await site.http.post("/control/jenkins", json={"job": "preprod-deploy", "result": "FAILURE"})
    first, second = await start(site), await start(site)
    await site.tenant.advance("PT1M")
    assert (await build_of(site, first))["result"] == "FAILURE"
    assert (await build_of(site, second))["result"] == "SUCCESS"


async def test_the_job_lists_its_builds_newest_first(site: Site) -> None:
    await start(site)
    await start(site)
    await site.tenant.advance("PT1M")
    job = (await site.http.get(f"{JOB}/api/json")).json()
    assert [build["number"] for build in job["builds"]] == [2, 1]
    last = (await site.http.get(f"{JOB}/lastBuild/api/json")).json()
    assert last["number"] == 2


async def test_a_crumb_is_issued_to_those_who_sign_in(site: Site) -> None:
    crumb = (await site.http.get("/jenkins/crumbIssuer/api/json")).json()
    assert crumb["crumbRequestField"] == "Jenkins-Crumb"
    del site.http.headers["Authorization"]
    assert (await site.http.post(f"{JOB}/build")).status_code == 401


async def test_a_wrong_order_names_its_field(site: Site) -> None:
    answer = await site.http.post("/control/jenkins", json={"job": "x", "result": "GREAT"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("result:")
