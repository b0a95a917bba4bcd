"""One whole life: started, killed, started again on what is left, and ended by Ctrl-C."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # ships no types

from tests.run.launched import Launched
from tests.support.stack import KEY, production_issue

LEAD = {"X-Docket-Persona": "holly@mytc.example"}


def test_a_killed_run_starts_again_with_its_tickets_and_ctrl_c_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    run = Launched(tmp_path / "data")
    with run:
        run.until_ready()
        assert "holly@mytc.example" in run.said
        body = production_issue("casey@client.example")
        answer = httpx.post(f"{run.url}/api/desks/mytc/requests", json=body, headers=KEY)
        number = answer.json()["number"]
        left = run.parts()
        assert len(left) == 4
        run.process.kill()
        run.process.wait()
    with run:
        run.until_ready()
        assert not any(part.is_running() for part in left)
        found = httpx.get(f"{run.url}/api/tickets/{number}", headers=LEAD)
        assert found.json()["title"] == body["title"]
        parts = run.parts()
        os.killpg(run.process.pid, signal.SIGINT)
        code, said = run.ended()
    assert code == 0
    assert said.rstrip().endswith("stopping")
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(parts, timeout=0)
    assert alive == []
