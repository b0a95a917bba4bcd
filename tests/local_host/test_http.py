"""What HTTP looks like from inside a function, and what its answer becomes outside."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.local_host.conftest import Sample


def echo(sample: Sample, path: str = "/api/echo", **request: Any) -> dict[str, Any]:
    answer = sample.http.request(request.pop("method", "GET"), path, **request)
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("a=1&a=2", {"a": "1,2"}),
        ("A=1&a=2", {"A": "1,2"}),
        ("a=&b=1", {"b": "1"}),
        ("a=x%20y&b=x+y", {"a": "x y", "b": "x y"}),
        ("a=caf%C3%A9", {"a": "café"}),
        ("", {}),
    ],
)
def test_query_keys_are_joined_and_empty_values_vanish(
    sample: Sample, query: str, params: dict[str, str]
) -> None:
    assert echo(sample, f"/api/echo?{query}")["params"] == params


def test_header_names_arrive_in_lower_case_and_repeated_ones_joined(sample: Sample) -> None:
    headers = echo(sample, headers=[("X-One", "1"), ("x-ONE", "2")])["headers"]
    assert headers["x-one"] == "1,2"


def test_a_declared_body_arrives_whole(sample: Sample) -> None:
    body = "x" * 300_000
    assert echo(sample, method="POST", content=body)["body"] == body


def test_a_chunked_body_arrives_empty(sample: Sample) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"never seen"

    assert echo(sample, method="POST", content=chunks())["body"] == ""


def test_a_body_beyond_100_mb_is_refused(sample: Sample) -> None:
    address = urlsplit(sample.host.url)
    connection = HTTPConnection(address.hostname or "", address.port)
    connection.putrequest("POST", "/api/echo")
    connection.putheader("content-length", str(100 * 1024 * 1024 + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_the_url_is_the_callers_with_its_encoding(sample: Sample) -> None:
    found = echo(sample, "/api/echo/a%2Fb?x=%20")
    assert found["url"] == f"{sample.host.url}/api/echo/a%2Fb?x=%20"


def test_route_parameters_are_decoded_but_for_the_slash(sample: Sample) -> None:
    assert echo(sample, "/api/echo/caf%C3%A9%2F1")["route"] == {"word": "café%2F1"}
    assert echo(sample, "/api/echo")["route"] == {}


def test_paths_match_in_any_case_and_with_a_trailing_slash(sample: Sample) -> None:
    assert sample.http.get("/API/Unrouted/").text == "found by name"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("/a/./b/../c", "a/c"),
        ("/a/%2e%2e/b", "b"),
        ("/a/b/..", "a"),
        ("/.hidden", ".hidden"),
    ],
)
def test_dot_segments_are_resolved_before_routing(sample: Sample, sent: str, seen: str) -> None:
    address = urlsplit(sample.host.url)
    connection = HTTPConnection(address.hostname or "", address.port)
    connection.request("GET", f"/api/tree{sent}")
    assert json.loads(connection.getresponse().read())["path"].rstrip("/") == seen
    connection.close()


def test_the_first_route_by_function_name_wins_over_a_more_specific_one(sample: Sample) -> None:
    assert sample.http.get("/api/order/special").text == "general"


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "DELETE"])
def test_a_method_that_the_route_lacks_gives_404(sample: Sample, method: str) -> None:
    assert sample.http.request(method, "/api/unrouted").status_code == 404


def test_a_route_constraint_that_fails_gives_404(sample: Sample) -> None:
    assert sample.http.get("/api/number/12").json() == {"value": "12"}
    assert sample.http.get("/api/number/twelve").status_code == 404


def test_a_catch_all_takes_the_rest_of_the_path(sample: Sample) -> None:
    assert sample.http.get("/api/tree/a/b/c").json() == {"path": "a/b/c"}


def test_unparsable_json_is_a_plain_value_error(sample: Sample) -> None:
    answer = sample.http.post("/api/json", content="{")
    assert (answer.status_code, answer.text) == (400, "ValueError")


def test_forms_and_files_work(sample: Sample) -> None:
    answer = sample.http.post("/api/form", data={"a": "1"}, files={"f": ("f.txt", b"hello")})
    assert answer.json() == {"form": {"a": "1"}, "files": {"f": "hello"}}


@pytest.mark.parametrize(
    "path", ["raises", "none", "dict", "bad-header", "exits", "cancels", "wrapped"]
)
def test_a_failed_invocation_gives_500_with_an_empty_body(sample: Sample, path: str) -> None:
    answer = sample.http.get(f"/api/{path}")
    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize(
    ("returned", "status", "body"),
    [
        ("plain", 200, "plain"),
        ('{"a":1}', 200, '{\n  "a": 1\n}'),
        ('{"Body":"x","status":201}', 201, "x"),
        ('{"body":{"a":1},"statusCode":"202"}', 202, '{"a": 1}'),
        ('"quoted"', 200, "quoted"),
        ("null", 200, ""),
        ("12", 200, "12"),
    ],
)
def test_a_returned_text_that_holds_json_is_parsed_by_the_host(
    sample: Sample, returned: str, status: int, body: str
) -> None:
    answer = sample.http.post("/api/text", content=returned)
    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_repeated_response_header_keeps_only_the_last(sample: Sample) -> None:
    assert sample.http.get("/api/headers").headers.get_list("x-twice") == ["two"]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_neither_body_nor_length(sample: Sample, status: int) -> None:
    answer = sample.http.get("/api/headers", params={"status": status})
    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-length" not in answer.headers


def cookies(sample: Sample, *lines: str) -> list[str]:
    # A client of its own keeps the cookies out of other tests.
    answer = httpx.post(f"{sample.host.url}/api/cookies", content="\n".join(lines))
    return answer.headers.get_list("set-cookie")


@pytest.mark.parametrize("lost", ["a=b c", 'a={"b": 1}', "a=1; Partitioned"])
def test_some_cookies_are_lost_without_a_word(sample: Sample, lost: str) -> None:
    assert cookies(sample, lost, "kept=1") == ["kept=1; domain=; path="]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ('a="b c"', "a=b%20c; domain=; path="),
        ("a=b/c", "a=b%2Fc; domain=; path="),
        (
            "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax",
            "__Host-a=1; domain=; path=/; secure; samesite=lax; httponly",
        ),
        ("a=1; SameSite=None; Max-Age=60", "a=1; max-age=60; domain=; path=; samesite=none"),
        ("a=1; Domain=x.example", "a=1; domain=x.example; path="),
        (
            "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
            "a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT; domain=; path=",
        ),
    ],
)
def test_cookies_come_out_encoded_and_with_an_empty_domain(
    sample: Sample, sent: str, received: str
) -> None:
    assert cookies(sample, sent) == [received]


def test_several_cookies_are_all_set(sample: Sample) -> None:
    assert len(cookies(sample, "a=1", "b=2")) == 2


def test_an_unreadable_expires_fails_the_invocation(sample: Sample) -> None:
    answer = httpx.post(f"{sample.host.url}/api/cookies", content="a=1; Expires=tomorrow")
    assert answer.status_code == 500


def test_sync_functions_run_in_the_runtimes_threads(sample: Sample) -> None:
    found = sample.http.get("/api/context").json()
    assert found["function"] == "tells_context"
    assert found["thread"].startswith("ThreadPoolExecutor")


def twice_at_once(sample: Sample, path: str) -> list[str]:
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(httpx.get, sample.host.url + path, timeout=30) for _ in range(2)]
        return [call.result().text for call in calls]


def test_two_sync_functions_run_side_by_side(sample: Sample) -> None:
    assert twice_at_once(sample, "/api/meets") == ["met", "met"]


def test_a_blocking_call_in_async_code_holds_up_everything_else(sample: Sample) -> None:
    assert twice_at_once(sample, "/api/blocks") == ["done", "done"]
    notes = [note["blocks"] for note in sample.notes() if "blocks" in note]
    assert notes == ["began", "ended"] * 2


def test_the_app_runs_in_its_folder_which_is_last_on_the_import_path(sample: Sample) -> None:
    assert sample.http.get("/api/path").json() == {"last": True, "cwd": True, "auth": "True"}


def test_the_root_shows_that_the_host_is_up(sample: Sample) -> None:
    assert "up and running" in sample.http.get("/").text


def test_a_timer_runs_by_hand_for_the_admin_key_alone(sample: Sample) -> None:
    key = {"x-functions-key": "local-admin"}
    assert sample.http.post("/admin/functions/nightly").status_code == 401
    assert sample.http.post("/admin/functions/echo", headers=key).status_code == 404
    assert sample.http.post("/admin/functions/nightly", headers=key).status_code == 202
    assert [note for note in sample.notes() if note.get("timer") == "nightly"]


def test_status_gives_details_only_for_the_admin_key(sample: Sample) -> None:
    plain = sample.http.get("/admin/host/status").json()
    full = sample.http.get("/admin/host/status", headers={"x-functions-key": "local-admin"}).json()
    assert plain == {"state": "Running"}
    assert "echo" in full["functions"]
    assert full["running_invocations"] == 0


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("keyed", None, 401),
        ("keyed", "wrong", 401),
        ("keyed", "local", 200),
        ("keyed", "local-admin", 200),
        ("secret", "local", 401),
        ("secret", "local-admin", 200),
    ],
)
def test_auth_levels_want_their_key_as_header_or_query(
    sample: Sample, path: str, key: str | None, status: int
) -> None:
    headers = {"x-functions-key": key} if key else {}
    query = {"code": key} if key else {}
    assert sample.http.get(f"/api/{path}", headers=headers).status_code == status
    assert sample.http.get(f"/api/{path}", params=query).status_code == status
