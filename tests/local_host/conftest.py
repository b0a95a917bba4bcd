"""One storage emulator and one running sample app for the suite."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from tests.support.azurite import Azurite
from tests.support.host import HostProcess

SAMPLE = Path(__file__).parent / "sample_app"


@dataclass(frozen=True)
class Sample:
    """The sample app as it runs, and what it has written down."""

    host: HostProcess
    http: httpx.Client
    log: Path

    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


@dataclass(frozen=True)
class Queues:
    """The emulator's queues as a sender sees them."""

    connection: str

    def client(self, name: str, *, plain: bool = False) -> QueueClient:
        policy = None if plain else TextBase64EncodePolicy()
        return QueueClient.from_connection_string(
            self.connection, name, message_encode_policy=policy
        )

    def send(self, name: str, text: str, *, plain: bool = False) -> None:
        with self.client(name, plain=plain) as queue:
            queue.send_message(text)

    def peek(self, name: str) -> list[str]:
        """The texts as they are stored; none when the queue does not exist."""
        with self.client(name, plain=True) as queue:
            try:
                return [str(each.content) for each in queue.peek_messages(32)]
            except Exception as error:
                if getattr(error, "status_code", None) == 404:
                    return []
                raise

    def create(self, name: str) -> None:
        with self.client(name) as queue:
            queue.create_queue()


def sample_env(connection: str, log: Path, queue: str) -> dict[str, str]:
    return {
        "AzureWebJobsStorage": connection,
        "SAMPLE_QUEUE": queue,
        "SAMPLE_SCHEDULE": "0 30 3 * * *",
        "SAMPLE_LOG": str(log),
    }


@pytest.fixture(scope="session")
def storage() -> Iterator[Azurite]:
    with Azurite() as azurite:
        yield azurite


@pytest.fixture(scope="session")
def queues(storage: Azurite) -> Queues:
    return Queues(storage.connection_string)


@pytest.fixture(scope="session")
def sample(queues: Queues, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    log = tmp_path_factory.mktemp("sample") / "log"
    log.touch()
    for name in ("sample-in", "sample-returns", "sample-relay"):
        queues.create(name)
    env = sample_env(queues.connection, log, "sample-in")
    with HostProcess(SAMPLE, env=env) as host, httpx.Client(base_url=host.url) as http:
        yield Sample(host, http, log)
