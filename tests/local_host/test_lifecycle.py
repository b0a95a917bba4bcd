"""Starting, stopping, and what the host says of itself."""

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.local_host.conftest import SAMPLE, Sample, sample_env
from tests.local_host.waiting import until
from tests.support.host import HostProcess


@pytest.fixture
def host(tmp_path: Path) -> HostProcess:
    (tmp_path / "log").touch()
    return HostProcess(SAMPLE, env=sample_env("", tmp_path / "log", "unused"))


def test_a_start_prints_a_line_for_each_function_and_the_address(sample: Sample) -> None:
    lines = sample.host.output().splitlines()
    assert f"  echo: [GET,POST,PUT] {sample.host.url}/api/echo/{{word?}}" in lines
    assert "  receives: queueTrigger %SAMPLE_QUEUE%" in lines
    assert "  nightly: timerTrigger 0 0 3 * * *" in lines
    assert f"Host ready on {sample.host.url}" in lines


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        host = HostProcess(SAMPLE, arguments=("--port", str(port)))
        assert host.refuse() == 1
        assert host.output().startswith(f"Port {port} of 127.0.0.1 cannot be used")
        assert host.output().count("\n") == 1
        host.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_finish_and_exits_with_0(
    host: HostProcess, tmp_path: Path, number: signal.Signals
) -> None:
    with host, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx.get, f"{host.url}/api/slow?seconds=1", timeout=20)
        until(lambda: "slow" in (tmp_path / "log").read_text("utf-8"))
        os.kill(host.pid, number)
        assert answer.result().text == "done"
        assert host.stop() == 0


def test_without_storage_http_and_timers_still_work(host: HostProcess) -> None:
    with host:
        assert httpx.get(f"{host.url}/api/unrouted").status_code == 200
        assert "'receives' function is in error: storage account connection" in host.output()


def test_each_invocation_is_one_line_and_idle_polling_none(sample: Sample) -> None:
    before = len(sample.host.output())
    sample.http.get("/api/unrouted")
    until(lambda: "unrouted" in sample.host.output()[before:])
    lines = [line for line in sample.host.output()[before:].splitlines() if "unrouted" in line]
    assert len(lines) == 1
    assert lines[0].endswith("ms, succeeded")
