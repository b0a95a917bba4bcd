"""A function app that does one of everything a developer could fall over."""

import asyncio
import functools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
MEETING = threading.Barrier(2)
LOG = Path(os.environ["SAMPLE_LOG"]) if "SAMPLE_LOG" in os.environ else None


def _note(**facts: object) -> None:
    """Adds a line to the file that the tests read."""
    if LOG is not None:
        with LOG.open("a", encoding="utf-8") as out:
            out.write(json.dumps(facts) + "\n")


def _json(value: object) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), mimetype="application/json")


@app.route(route="echo/{word?}", methods=["GET", "POST", "PUT"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return _json(
        {
            "method": req.method,
            "url": req.url,
            "headers": dict(req.headers),
            "params": dict(req.params),
            "route": dict(req.route_params),
            "body": req.get_body().decode("utf-8", "replace"),
        }
    )


@app.route(route="json", methods=["POST"])
async def parses_json(req: func.HttpRequest) -> func.HttpResponse:
    try:
        return _json(req.get_json())
    except ValueError as error:
        return func.HttpResponse(type(error).__name__, status_code=400)


@app.route(route="form", methods=["POST"])
async def reads_form(req: func.HttpRequest) -> func.HttpResponse:
    names = {name: each.read().decode() for name, each in req.files.items()}
    return _json({"form": dict(req.form), "files": names})


@app.route(route="number/{value:int}", methods=["GET"])
async def number(req: func.HttpRequest) -> func.HttpResponse:
    return _json(dict(req.route_params))


@app.route(route="order/{anything}", methods=["GET"])
async def a_general(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("general")


@app.route(route="order/special", methods=["GET"])
async def b_special(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("special")


@app.route(route="tree/{*path}", methods=["GET"])
async def tree(req: func.HttpRequest) -> func.HttpResponse:
    return _json(dict(req.route_params))


@app.route(methods=["GET"])
async def unrouted(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("found by name")


@app.route(route="same", methods=["GET"])
async def same_one(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("one")


@app.route(route="Same", methods=["GET", "POST"])
async def same_two(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("two")


@app.route(route="administration", methods=["GET"])
async def reserved(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("never")


@app.function_name("9lives")
@app.route(route="nine", methods=["GET"])
async def badly_named(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("never")


@app.route(route="dunder", methods=["GET"], trigger_arg_name="the__request")
async def dunder(the__request: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("never")


@app.route(route="keyed", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def keyed(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="secret", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
async def secret(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="raises", methods=["GET"])
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("on purpose")


@app.route(route="none", methods=["GET"])
def returns_none(req: func.HttpRequest):  # type: ignore[no-untyped-def]
    return None


@app.route(route="dict", methods=["GET"])
def returns_dict(req: func.HttpRequest):  # type: ignore[no-untyped-def]
    return {"a": 1}


@app.route(route="text", methods=["POST"])
def returns_text(req: func.HttpRequest) -> str:
    return req.get_body().decode()


@app.route(route="headers", methods=["GET"])
async def repeats_headers(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"ok", status_code=int(req.params.get("status", "200")))
    response.headers.add("X-Twice", "one")
    response.headers.add("X-Twice", "two")
    return response


@app.route(route="cookies", methods=["POST"])
async def sets_cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("ok")
    for cookie in req.get_body().decode().splitlines():
        response.headers.add("Set-Cookie", cookie)
    return response


@app.route(route="bad-header", methods=["GET"])
async def bad_header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok", headers={"X-Name": "caf\u00e9"})


@app.route(route="context", methods=["GET"])
def tells_context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return _json({"function": context.function_name, "thread": threading.current_thread().name})


@app.route(route="path", methods=["GET"])
async def tells_path(req: func.HttpRequest) -> func.HttpResponse:
    here = str(Path(__file__).parent)
    return _json(
        {
            "last": sys.path[-1] == here,
            "cwd": str(Path.cwd()) == here,
            "auth": os.environ.get("WEBSITE_AUTH_ENABLED"),
        }
    )


@app.route(route="exits", methods=["GET"])
def exits(req: func.HttpRequest) -> func.HttpResponse:
    sys.exit(3)


@app.route(route="cancels", methods=["GET"])
async def cancels(req: func.HttpRequest) -> func.HttpResponse:
    raise asyncio.CancelledError


@app.route(route="blocks", methods=["GET"])
async def blocks(req: func.HttpRequest) -> func.HttpResponse:
    _note(blocks="began")
    time.sleep(0.1)  # noqa: ASYNC251 - the fault that a test looks at
    _note(blocks="ended")
    return func.HttpResponse("done")


@app.route(route="meets", methods=["GET"])
def meets(req: func.HttpRequest) -> func.HttpResponse:
    MEETING.wait(timeout=20)
    return func.HttpResponse("met")


def _plain(function: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(function)
    def wrapper(*args: object, **named: object) -> object:
        return function(*args, **named)

    return wrapper


@app.route(route="wrapped", methods=["GET"])
@_plain
async def wrapped(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("never awaited")


@app.route(route="slow", methods=["GET"])
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    _note(slow="began")
    await asyncio.sleep(float(req.params.get("seconds", "1")))
    return func.HttpResponse("done")


@app.route(route="send", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%SAMPLE_QUEUE%", connection="AzureWebJobsStorage")
def sends(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    return func.HttpResponse("sent")


@app.queue_trigger(arg_name="msg", queue_name="%SAMPLE_QUEUE%", connection="AzureWebJobsStorage")
async def receives(msg: func.QueueMessage) -> None:
    body = msg.get_body()
    text = body.decode()
    _note(
        received=text,
        id=msg.id,
        bytes=isinstance(body, bytes),
        count=msg.dequeue_count,
        inserted=str(msg.insertion_time),
    )
    if "fail" in text:
        raise ValueError("on purpose")
    if "wait" in text:
        await asyncio.sleep(3)
        _note(waited=text)


@app.queue_trigger(arg_name="msg", queue_name="sample-returns", connection="AzureWebJobsStorage")
def returns_value(msg: func.QueueMessage):  # type: ignore[no-untyped-def]
    return "a value without a binding"


@app.queue_trigger(arg_name="msg", queue_name="sample-relay", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="$return", queue_name="sample-relayed", connection="AzureWebJobsStorage")
def relays(msg: func.QueueMessage) -> str:
    return f"relayed {msg.get_body().decode()}"


@app.queue_trigger(arg_name="msg", queue_name="elsewhere", connection="NoSuchConnection")
def unconnected(msg: func.QueueMessage) -> None:
    _note(never="run")


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
async def nightly(timer: func.TimerRequest) -> None:
    _note(timer="nightly", past_due=timer.past_due)


@app.timer_trigger(arg_name="timer", schedule="%SAMPLE_SCHEDULE%")
def failing(timer: func.TimerRequest) -> None:
    _note(timer="failing", past_due=timer.past_due)
    raise ValueError("on purpose, and not retried")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def at_start(timer: func.TimerRequest) -> None:
    _note(timer="at_start", past_due=timer.past_due)


@app.timer_trigger(arg_name="timer", schedule="%NOT_SET%")
def unscheduled(timer: func.TimerRequest) -> None:
    _note(never="run")
