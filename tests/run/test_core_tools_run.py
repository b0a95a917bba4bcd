"""`make run HOST=func`: everything as ever, with `func` in the place of the built-in host.

Core Tools themselves cannot be had from a package registry. What stands in for them takes their
command line and their environment, and like them looks at no key and plays no sign-in.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.run.launched import Launched
from tests.support.stack import KEY, production_issue, wait_until

LEAD = {"X-Docket-Persona": "holly@mytc.example"}
STAND_IN = """#!{python}
import os, sys
sys.path.insert(0, os.getcwd())
from local.host import easy_auth, front
from local.host.__main__ import main

if sys.argv[1:] == ["--version"]:
    print("4.13.0")
    sys.exit()
start, port_word, port, *address = sys.argv[1:]
assert (start, port_word, address) == ("start", "--port", ["--address", "127.0.0.1"]), sys.argv
assert os.path.exists("host.json")
assert os.environ["FUNCTIONS_WORKER_RUNTIME"] == "python"
assert os.environ["AzureWebJobsStorage"]
assert os.environ["WEBSITE_AUTH_ENABLED"] == "True"
front._allowed = lambda level, request: True
easy_auth.EasyAuth.apply = lambda self, headers: headers
sys.exit(main(["--port", port, "--data", {data!r}, "--strict"]))
"""


@pytest.fixture
def run(tmp_path: Path) -> Launched:
    (tmp_path / "bin").mkdir()
    func = tmp_path / "bin" / "func"
    func.write_text(STAND_IN.format(python=sys.executable, data=str(tmp_path / "func-data")))
    func.chmod(0o755)
    path = os.pathsep.join((str(func.parent), os.environ["PATH"]))
    return Launched(tmp_path / "data", HOST="func", PATH=path)


def test_a_request_is_taken_told_and_opened_by_its_lead_who_signs_in_as_ever(
    run: Launched,
) -> None:
    with run:
        run.until_ready()
        assert "Runs on Core Tools" in run.said
        body = production_issue("casey@client.example")
        answer = httpx.post(f"{run.url}/api/desks/mytc/requests", json=body, headers=KEY)
        number = answer.json()["number"]
        tenant = f"http://127.0.0.1:{run.environment['DOCKET_TENANT_PORT']}"

        def told() -> bool:
            sent = httpx.get(f"{tenant}/control/sent", params={"to": "casey@client.example"})
            return any(number in mail["subject"] for mail in sent.json())

        wait_until(told, "the confirmation", within=30)
        found = httpx.get(f"{run.url}/api/tickets/{number}", headers=LEAD)
        assert found.json()["title"] == body["title"]
        forged = {"X-MS-CLIENT-PRINCIPAL-NAME": "holly@mytc.example"}
        assert httpx.get(f"{run.url}/api/tickets/{number}", headers=forged).status_code == 401
        with httpx.Client(base_url=run.url, headers={"X-Note": "é".encode()}) as browser:
            assert "Who are you today?" in browser.get("/.auth/login/local").text
            browser.post("/.auth/login/local", data={"persona": "holly@mytc.example"})
            assert number in browser.get(f"/desk/mytc?view=all&q={number}").text
        assert httpx.get(f"{run.url}/admin/host/status").status_code == 404
        parts = run.parts()
        os.killpg(run.process.pid, signal.SIGINT)
        code, said = run.ended()
    assert (code, "Traceback" in said) == (0, False)
    _, alive = psutil.wait_procs(parts, timeout=0)
    assert alive == []
