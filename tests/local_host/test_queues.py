"""Queue triggers and outputs against the emulator, with the sample app's host.json.

It says: batchSize 4, newBatchThreshold 2, maxDequeueCount 2, visibilityTimeout 0.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from azure_functions_runtime.bindings.datumdef import Datum
from hypothesis import given
from hypothesis import strategies as st

from local.host.host_json import QueueOptions
from local.host.outputs import contents
from local.host.queue_message import decode, encode
from local.host.queue_poller import poison_queue
from tests.local_host.conftest import SAMPLE, Queues, Sample, sample_env
from tests.local_host.waiting import until
from tests.support.host import HostProcess

POISON = "sample-in-poison"


def received(sample: Sample, text: str) -> list[dict[str, Any]]:
    return [note for note in sample.notes() if note.get("received") == text]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def text() -> str:
    """A text that no other test sends."""
    return f"message {uuid4()}"


def test_a_message_reaches_its_function_once_as_bytes_and_is_deleted(
    sample: Sample, queues: Queues, text: str
) -> None:
    queues.send("sample-in", text)
    [note] = until(lambda: received(sample, text))
    assert (note["bytes"], note["count"]) == (True, 1)
    assert note["inserted"].endswith("+00:00")
    until(lambda: b64(text) not in queues.peek("sample-in"))
    assert len(received(sample, text)) == 1


def test_text_that_is_not_base64_goes_straight_to_poison(
    sample: Sample, queues: Queues, text: str
) -> None:
    queues.send("sample-in", f"{text}!", plain=True)
    until(lambda: f"{text}!" in queues.peek(POISON))
    assert not received(sample, f"{text}!")


def test_a_failing_message_is_tried_maxdequeuecount_times_and_then_poisoned(
    sample: Sample, queues: Queues, text: str
) -> None:
    queues.send("sample-in", f"fail {text}")
    until(lambda: b64(f"fail {text}") in queues.peek(POISON))
    assert [note["count"] for note in received(sample, f"fail {text}")] == [1, 2]


def test_an_id_in_the_body_replaces_the_messages_own(
    sample: Sample, queues: Queues, text: str
) -> None:
    body = json.dumps({"ID": "mine", "text": text})
    queues.send("sample-in", body)
    [note] = until(lambda: received(sample, body))
    assert note["id"] == "mine"


@pytest.mark.parametrize("name", ["insertionTime", "expirationTime"])
@pytest.mark.parametrize("value", ["2026-11-22T10:00:00Z", "now"])
def test_a_reserved_time_in_the_body_makes_every_attempt_fail(
    sample: Sample, queues: Queues, name: str, value: str
) -> None:
    body = json.dumps({name: value, "text": str(uuid4())})
    queues.send("sample-in", body)
    until(lambda: b64(body) in queues.peek(POISON))
    assert not received(sample, body)


def test_a_function_that_returns_a_value_without_a_binding_fails(
    sample: Sample, queues: Queues, text: str
) -> None:
    queues.send("sample-returns", text)
    until(lambda: b64(text) in queues.peek("sample-returns-poison"))


def test_an_output_binding_sends_base64_and_makes_a_missing_queue(
    sample: Sample, queues: Queues, text: str
) -> None:
    queues.send("sample-relay", text)
    until(lambda: b64(f"relayed {text}") in queues.peek("sample-relayed"))


def test_an_http_function_can_send_and_answer(sample: Sample, text: str) -> None:
    assert sample.http.post("/api/send", content=text).text == "sent"
    until(lambda: received(sample, text))


@pytest.fixture
def slow_host(queues: Queues, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """A host of its own whose messages stay hidden for 2 s only; its queue is its folder's name."""
    folder = tmp_path_factory.mktemp("slow")
    log = folder / "log"
    log.touch()
    queue = f"slow-{uuid4()}"
    queues.create(queue)
    env = sample_env(queues.connection, log, queue)
    host = HostProcess(SAMPLE, env=env, arguments=("--queue-lease", "2"))
    queues.send(queue, "wait")
    with host:
        yield Sample(host, None, log)  # type: ignore[arg-type]  # no HTTP in these tests


def test_a_message_stays_hidden_as_long_as_its_function_runs(slow_host: Sample) -> None:
    until(lambda: any("waited" in note for note in slow_host.notes()))
    assert len(received(slow_host, "wait")) == 1


def test_a_message_comes_back_after_a_crash(slow_host: Sample, queues: Queues) -> None:
    until(lambda: received(slow_host, "wait"))
    slow_host.host.kill()
    again = slow_host.host.start()
    until(lambda: len(received(slow_host, "wait")) == 2)
    again.kill()
    assert received(slow_host, "wait")[1]["count"] == 2


def test_stopping_lets_a_running_function_finish(slow_host: Sample) -> None:
    until(lambda: received(slow_host, "wait"))
    assert slow_host.host.stop() == 0
    assert any("waited" in note for note in slow_host.notes())


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ("abc", "abc-poison"),
        ("abc-poison", None),
        ("q" * 56, "q" * 56 + "-poison"),
        ("q" * 57, None),
    ],
)
def test_a_poison_queue_or_a_long_name_has_no_poison_queue(
    queue: str, expected: str | None
) -> None:
    assert poison_queue(queue) == expected


@given(st.text())
def test_what_an_output_encodes_a_trigger_decodes(text: str) -> None:
    encodable = text.encode("utf-8", "replace").decode()
    assert decode(encode(encodable, is_base64=True), is_base64=True) == encodable


@pytest.mark.parametrize("text", ["not base64", "YWJ", "YWJj=", "{}"])
def test_loose_base64_is_not_accepted(text: str) -> None:
    assert decode(text, is_base64=True) is None
    assert decode(text, is_base64=False) == text


@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        (Datum("a", "string"), ["a"]),
        (Datum(b"a", "bytes"), [b"a"]),
        (Datum('["a", {"b": 1}]', "json"), ["a", '{"b": 1}']),
        (Datum('{"id": null, "body": "a"}', "json"), ['{"id": null, "body": "a"}']),
        (Datum(None, None), []),
    ],
)
def test_a_list_in_an_output_is_a_message_each(datum: Datum, expected: list[str | bytes]) -> None:
    assert contents(datum) == expected


def test_the_default_queue_options_are_the_platforms() -> None:
    assert QueueOptions().batch_size == 16
    assert QueueOptions().max_dequeue_count == 5
