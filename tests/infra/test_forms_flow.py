"""The Logic App of infra/ and the endpoint that it calls understand each other."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import azure.functions as func
import pytest

from functions import forms_door
from local.logic_app import FlowFailedError, Run, forms_flow
from shared.context import use_app
from shared.domain.form import Form, FormField
from shared.service import reads
from tests.infra.bicep import bicep
from tests.infra.code import bindings
from tests.support.app import DESKS, MemoryApp, memory_app

RESPONSE_ID = "41"
GIVEN: dict[str, Any] = {
    "$connections": {
        "microsoftforms": {"connectionId": "forms"},
        "onedriveforbusiness": {"connectionId": "files"},
    },
    "appUrl": "https://docket.test",
    "audience": "api://docket",
    "identity": "id",
    "keyUri": "https://vault.test/secrets/forms-function-key",
    "formId": "FORM",
}


def answered(form: Form, desk: str) -> dict[str, Any]:
    """A response in which every question that must be answered is."""
    response: dict[str, Any] = {
        "responder": "casey@client.example",
        "submitDate": "11/23/2026 3:00:00 PM",
    }
    for field in form.fields:
        if field.question_id and field.kind != "files":
            response[field.question_id] = _answer(field) if field.required else ""
    return response


def _answer(field: FormField) -> str:
    if field.options:
        label = next(iter(field.options[0].label.values()))
        return json.dumps([label]) if field.kind == "choices" else label
    return {"date": "2026-11-20", "email": "casey@client.example"}.get(field.kind, "It fails")


async def played(
    desk: str, form: Form, response: dict[str, Any], files: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """The inputs of the call that the flow makes of the app."""
    calls: dict[str, Any] = {}

    async def call(action: str, inputs: dict[str, Any]) -> Any:
        calls[action] = inputs
        if action == "Get_file_content":
            return files[re.split(r"/", inputs["path"])[-2]]
        return {"Get_response_details": response, "Get_function_key": {"value": "key"}}.get(action)

    questions = [f.question_id for f in form.fields if f.kind == "files"]
    parameters = {**GIVEN, "desk": desk, "form": form.id, "fileQuestions": questions}
    trigger = {"resourceData": {"responseId": RESPONSE_ID}}
    await Run(forms_flow(), parameters, trigger, call).play()
    found: dict[str, Any] = calls["Hand_over"]
    return found


async def delivered(app: MemoryApp, inputs: dict[str, Any]) -> func.HttpResponse:
    """What the endpoint answers to that call."""
    use_app(app.app)
    [door] = [b for b in bindings() if b.function == "api_form_response"]
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", door.route)
    found = re.fullmatch(f"https://docket.test/{pattern}", inputs["uri"])
    assert found, f"{inputs['uri']} is no address of {door.route}"
    assert inputs["method"] in door.values["methods"]
    request = func.HttpRequest(
        method=inputs["method"],
        url=inputs["uri"],
        headers=inputs["headers"],
        route_params=found.groupdict(),
        body=json.dumps(inputs["body"]).encode(),
    )
    answer: func.HttpResponse = await door.call(request)
    return answer


FORMS = [(desk.id, form) for desk in DESKS.values() for form in desk.forms]


@pytest.mark.parametrize(("desk", "form"), FORMS, ids=lambda v: getattr(v, "id", v))
async def test_what_the_flow_sends_becomes_a_ticket(desk: str, form: Form) -> None:
    app = memory_app()
    answer = await delivered(app, await played(desk, form, answered(form, desk), {}))
    assert answer.status_code == 201, answer.get_body()
    number = json.loads(answer.get_body())["number"]
    loaded = await reads.find(app.deps, number)
    assert loaded.ticket.requester.email == "casey@client.example"


async def test_a_file_of_the_form_arrives_with_the_ticket() -> None:
    desk, form = next((d, f) for d, f in FORMS if any(x.kind == "files" for x in f.fields))
    question = next(f.question_id for f in form.fields if f.kind == "files")
    content = base64.b64encode(b"what was seen").decode()
    response = answered(form, desk) | {
        str(question): json.dumps([{"name": "seen.txt", "id": "01AB", "size": 13}])
    }
    files = {"01AB": {"$content-type": "text/plain", "$content": content}}
    app = memory_app()
    answer = await delivered(app, await played(desk, form, response, files))
    assert answer.status_code == 201, answer.get_body()
    loaded = await reads.find(app.deps, json.loads(answer.get_body())["number"])
    assert [file.name for file in loaded.ticket.attachments] == ["seen.txt"]


async def test_a_response_that_is_forwarded_twice_makes_one_ticket() -> None:
    desk, form = FORMS[0]
    app = memory_app()
    inputs = await played(desk, form, answered(form, desk), {})
    first, second = await delivered(app, inputs), await delivered(app, inputs)
    assert (first.status_code, second.status_code) == (201, 200)
    assert json.loads(first.get_body())["number"] == json.loads(second.get_body())["number"]


def test_the_body_of_the_flow_has_the_members_that_the_endpoint_reads_and_no_others() -> None:
    import inspect

    source = inspect.getsource(forms_door)
    read = set(re.findall(r'body\.get\("(\w+)"\)|reading\.uploads\(body, "(\w+)"\)', source))
    body = forms_flow()["actions"]["Hand_over"]["inputs"]["body"]
    assert {a or b for a, b in read} == set(body)


def test_the_flow_proves_itself_with_its_identity_and_the_function_key() -> None:
    inputs = forms_flow()["actions"]["Hand_over"]["inputs"]
    assert inputs["authentication"]["type"] == "ManagedServiceIdentity"
    assert "x-functions-key" in inputs["headers"]


def test_the_deployment_gives_the_flow_every_parameter_that_it_declares() -> None:
    [flow] = bicep("modules/forms.bicep").of_type("Microsoft.Logic/workflows")
    assert flow.body["properties"]["definition"] == "loadJsonContent('forms-flow.json')"
    assert set(flow.body["properties"]["parameters"]) == set(forms_flow()["parameters"])
    connections = flow.body["properties"]["parameters"]["$connections"]["value"]
    used = set(re.findall(r"\['(\w+)'\]\['connectionId'\]", json.dumps(forms_flow())))
    assert used == set(connections)


def test_the_forms_address_stands_in_the_trigger_and_in_the_details() -> None:
    text = json.dumps(forms_flow())
    assert text.count("parameters('formId')") == 2


async def test_an_action_that_nobody_knows_stops_the_play() -> None:
    async def call(action: str, inputs: dict[str, Any]) -> Any:
        return None

    definition = {"parameters": {}, "actions": {"a": {"type": "Until", "runAfter": {}}}}
    with pytest.raises(FlowFailedError, match="Until"):
        await Run(definition, {}, {}, call).play()
