"""What makes an app lose functions: all of them, or one."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.host.errors import HostError
from local.host.host_json import QueueOptions, read_host_json, resolve
from local.host.manifest import Function, admit
from local.host.routes import Routes
from local.host.worker import IndexedFunction
from tests.local_host.conftest import Sample
from tests.support.host import PROJECT, HostProcess

HEAD = """
from typing import TYPE_CHECKING, List, Optional
import os
import azure.functions as func
if TYPE_CHECKING:
    from decimal import Decimal
app = func.FunctionApp()
"""
HTTP = '@app.route(route="{0}")\n'
QUEUE = '@app.queue_trigger(arg_name="msg", queue_name="abc", connection="X")\n'
OUT = '@app.queue_output(arg_name="out", queue_name="abc", connection="X")\n'
GOOD = HTTP.format("good") + "def good(req: func.HttpRequest) -> func.HttpResponse: ...\n"

LOSES_ALL = {
    "duplicate_name": GOOD + '@app.route(route="other")\n@app.function_name("good")\n'
    "def other(req: func.HttpRequest) -> func.HttpResponse: ...\n",
    "blueprint_twice": 'bp = func.Blueprint()\n@bp.route(route="x")\n'
    "def x(req: func.HttpRequest) -> func.HttpResponse: ...\n"
    "app.register_functions(bp)\napp.register_functions(bp)\n",
    "indexed_by_itself": GOOD + "app.get_functions()\n",
    "route_parameter": HTTP.format("x/{id}")
    + "def x(req: func.HttpRequest, id: str) -> func.HttpResponse: ...\n",
    "default_argument": HTTP.format("x")
    + "def x(req: func.HttpRequest, n: int = 1) -> func.HttpResponse: ...\n",
    "keyword_arguments": HTTP.format("x")
    + "def x(req: func.HttpRequest, **kw) -> func.HttpResponse: ...\n",
    "context_by_another_name": HTTP.format("x")
    + "def x(req: func.HttpRequest, ctx: func.Context) -> func.HttpResponse: ...\n",
    "returns_union": HTTP.format("x") + "def x(req: func.HttpRequest) -> func.HttpResponse | str:"
    " ...\n",
    "returns_optional": HTTP.format("x")
    + "def x(req: func.HttpRequest) -> Optional[func.HttpResponse]: ...\n",
    "returns_dict": HTTP.format("x") + "def x(req: func.HttpRequest) -> dict: ...\n",
    "returns_bytes": HTTP.format("x") + "def x(req: func.HttpRequest) -> bytes: ...\n",
    "returns_none": HTTP.format("x") + "def x(req: func.HttpRequest) -> None: ...\n",
    "optional_message": QUEUE + "def x(msg: Optional[func.QueueMessage]) -> None: ...\n",
    "bare_out": QUEUE + OUT + "def x(msg: func.QueueMessage, out: func.Out) -> None: ...\n",
    "out_of_list": QUEUE
    + OUT
    + "def x(msg: func.QueueMessage, out: func.Out[list]) -> None: ...\n",
    "out_of_dict": QUEUE
    + OUT
    + "def x(msg: func.QueueMessage, out: func.Out[dict]) -> None: ...\n",
    "out_of_new_list": QUEUE
    + OUT
    + "def x(msg: func.QueueMessage, out: func.Out[list[str]]) -> None: ...\n",
    "type_for_checkers_only": HTTP.format("x") + 'def x(req: func.HttpRequest) -> "Decimal": ...\n',
    "second_app": GOOD + "other = func.FunctionApp()\n",
    "no_app": "del app\n",
    "methods_as_text": '@app.route(route="x", methods="GET")\n'
    "def x(req: func.HttpRequest) -> func.HttpResponse: ...\n",
    "missing_setting": 'os.environ["NOT_SET_ANYWHERE"]\n' + GOOD,
    "missing_module": "import no_such_module\n" + GOOD,
    "syntax_error": "def\n",
}
KEEPS_ALL = {
    "plain": GOOD,
    "context": HTTP.format("x")
    + "def x(req: func.HttpRequest, context: func.Context) -> func.HttpResponse: ...\n",
    "out_of_old_list": QUEUE
    + OUT
    + "def x(msg: func.QueueMessage, out: func.Out[List[str]]) -> None: ...\n",
    "returns_text": HTTP.format("x") + "def x(req: func.HttpRequest) -> str: ...\n",
}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    root = tmp_path_factory.mktemp("apps")
    for name, code in {**LOSES_ALL, **KEEPS_ALL}.items():
        (root / name).mkdir()
        (root / name / "function_app.py").write_text(HEAD + code, "utf-8")
    script = [sys.executable, "-m", "tests.local_host.index_cases", str(root)]
    done = subprocess.run(script, cwd=PROJECT, capture_output=True, check=True)  # noqa: S603
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", LOSES_ALL)
def test_one_mistake_anywhere_loses_all_functions(
    indexed: dict[str, dict[str, Any]], case: str
) -> None:
    assert "error" in indexed[case]


@pytest.mark.parametrize("case", KEEPS_ALL)
def test_what_the_runtime_accepts_is_indexed(indexed: dict[str, dict[str, Any]], case: str) -> None:
    assert len(indexed[case]["functions"]) == 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/api/administration", "'reserved' function is in error: its route begins with admin"),
        ("/api/nine", "'9lives' function is in error: its name"),
        ("/api/dunder", "'dunder' function is in error: the binding name 'the__request'"),
    ],
)
def test_the_host_drops_just_the_function_that_breaks_its_rules(
    sample: Sample, path: str, reason: str
) -> None:
    assert sample.http.get(path).status_code == 404
    assert reason in sample.host.output()


def test_a_duplicate_route_is_dropped_and_the_first_by_name_stays(sample: Sample) -> None:
    assert sample.http.get("/api/same").text == "one"
    assert sample.http.post("/api/same").status_code == 404
    assert "'same_two' function is in error" in sample.host.output()


@pytest.mark.parametrize("name", ["unconnected", "unscheduled"])
def test_a_binding_that_does_not_resolve_takes_only_its_function_out(
    sample: Sample, name: str
) -> None:
    assert f"The '{name}' function is in error" in sample.host.output()
    assert sample.http.get("/api/unrouted").status_code == 200


def _queues(options: str) -> str:
    return f'{{"version": "2.0", "extensions": {{"queues": {{{options}}}}}}}'


def _app(folder: Path, code: str, host_json: str = '{"version": "2.0"}') -> Path:
    (folder / "host.json").write_text(host_json, "utf-8")
    (folder / "function_app.py").write_text(HEAD + code, "utf-8")
    return folder


def test_an_app_that_cannot_be_indexed_is_served_without_functions(tmp_path: Path) -> None:
    with HostProcess(_app(tmp_path, LOSES_ALL["missing_setting"])) as host:
        said = host.output()
    assert "The app could not be indexed, so it has no functions: KeyError" in said


def test_strict_stops_at_an_app_that_cannot_be_indexed(tmp_path: Path) -> None:
    host = HostProcess(_app(tmp_path, LOSES_ALL["missing_setting"]), arguments=("--strict",))
    assert host.refuse() == 1
    assert "KeyError" in host.output()
    host.close()


def test_an_unknown_constraint_stops_the_whole_host_with_one_clear_line(tmp_path: Path) -> None:
    host = HostProcess(_app(tmp_path, GOOD.replace('"good"', '"{x:even}"')))
    assert host.refuse() == 1
    said = host.output()
    host.close()
    assert "the route 'api/{x:even}' cannot be used: the constraint 'even' is unknown" in said
    assert "Traceback" not in said


def test_a_leading_slash_stops_the_host() -> None:
    trigger = {"type": "httpTrigger", "name": "req", "route": "/good"}
    with pytest.raises(HostError, match="api//good"):
        Routes([Function("good", "1", trigger, {})], "api")


@pytest.mark.parametrize(
    ("host_json", "message"),
    [
        ('{"version": "1.0"}', 'must say "version": "2.0"'),
        ("{", "is not JSON"),
        (_queues('"batchSize": 33'), "batchSize in host.json must be a whole number from 1 to 32"),
        (_queues('"visibilityTimeout": "30"'), '"30" in host.json is not a time span'),
        (_queues('"messageEncoding": "hex"'), "neither base64 nor none"),
    ],
)
def test_a_mistake_in_host_json_is_named(tmp_path: Path, host_json: str, message: str) -> None:
    with pytest.raises(HostError, match=message):
        read_host_json(_app(tmp_path, GOOD, host_json))


def test_a_missing_host_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="does not exist"):
        read_host_json(tmp_path)


def test_host_json_sets_the_prefix_and_the_queue_options(tmp_path: Path) -> None:
    text = (
        '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}, "queues": '
        '{"batchSize": 10, "visibilityTimeout": "1.00:00:30", "messageEncoding": "none"}}}'
    )
    found = read_host_json(_app(tmp_path, GOOD, text))
    assert found.route_prefix == ""
    assert found.queues == QueueOptions(
        batch_size=10,
        new_batch_threshold=5,
        visibility_timeout=timedelta(days=1, seconds=30),
        base64=False,
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("%A%-x", "1-x"), ("plain", "plain"), ("%A%%A%", "11"), ("5 %", "5 %")]
)
def test_settings_in_bindings_are_replaced(text: str, expected: str) -> None:
    assert resolve(text, {"A": "1"}) == expected


def test_a_retry_policy_is_said_not_to_be_played() -> None:
    said: list[str] = []
    trigger = {"type": "timerTrigger", "name": "t", "direction": "IN", "schedule": "0 0 * * * *"}
    [admitted] = admit([IndexedFunction("tick", "1", (trigger,), True)], said.append)
    assert admitted.name == "tick"
    assert said == ["The retry policy of 'tick' is not played locally"]
