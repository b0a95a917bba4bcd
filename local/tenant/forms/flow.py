"""The Logic App behind a form: trigger, Get response details, and the call of the desk.

The trigger is at least once: it may come twice, late, or not until the connection is back. The
call is repeated as a Logic App's default retry policy does, four times with growing pauses
(here short ones); afterwards the run has failed and can be resubmitted.

What is called with which body says the definition that infra/ deploys, which is played here:
``{"responseId", "response": <details>, "files": [{"question_id", "name", "content_type",
"content_base64"}]}``; `files` is what the flow read from the owner's OneDrive.
"""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

from local.logic_app import FlowFailedError, Run, forms_flow
from local.tenant.core import Tenant
from local.tenant.forms.definition import Form

MODES = ("normal", "double", "delayed", "down")

_PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds between the five attempts
_DELAY = 1.0
_RETRIED = (408, 429)


def trigger_mode(tenant: Tenant) -> str:
    return str(tenant.store.collection("forms-settings").get("flow", {}).get("trigger", "normal"))


def set_trigger(tenant: Tenant, wanted: Any) -> str:
    """Changes how triggers come; leaving "down" runs what has waited. ValueError: unknown mode."""
    if wanted not in MODES:
        raise ValueError(f"trigger: one of {', '.join(MODES)}")
    tenant.store.collection("forms-settings")["flow"] = {"trigger": wanted}
    if wanted != "down":
        for key, response in list(tenant.store.collection("forms-responses").items()):
            if not response["runs"]:
                tenant.run(_run(tenant, key, 0))
    return str(wanted)


def submit(tenant: Tenant, form: Form, body: dict[str, str], files: list[dict[str, str]]) -> str:
    """Keeps a response and triggers the flow; gives the response id."""
    number = tenant.store.next_number("forms-response")
    # a number as in Forms, but not used again after a reset: the desk may remember the old ones
    response_id = f"{int(datetime.now(UTC).timestamp() * 1000)}{number % 1000:03d}"
    key = f"{form.desk}/{form.id}/{response_id}"
    tenant.store.collection("forms-responses")[key] = {
        "desk": form.desk,
        "form": form.id,
        "responseId": response_id,
        "at": tenant.now().isoformat(),
        "response": body,
        "files": files,
        "runs": [],
    }
    mode = trigger_mode(tenant)
    for _ in range({"down": 0, "double": 2}.get(mode, 1)):
        tenant.run(_run(tenant, key, _DELAY if mode == "delayed" else 0))
    return response_id


def resubmit(tenant: Tenant, key: str) -> None:
    """Runs the flow again for a response, as an operator does after a failed run."""
    tenant.run(_run(tenant, key, 0))


async def _run(tenant: Tenant, key: str, delay: float) -> None:
    response = tenant.store.collection("forms-responses")[key]
    run: dict[str, Any] = {"status": "Running", "attempts": [], "at": tenant.now().isoformat()}
    response["runs"].append(run)
    if delay:
        await asyncio.sleep(delay)
    for pause in (*_PAUSES, None):
        answer = await _call(tenant, response)
        run["attempts"].append(answer.status_code if answer is not None else "no answer")
        run["answer"] = answer.text[:2000] if answer is not None else ""
        run["status"] = _status(answer)
        if run["status"] == "Retrying" and pause is None:
            run["status"] = "Failed"
        _keep(tenant, key, response)
        if run["status"] != "Retrying" or pause is None:
            return
        await asyncio.sleep(pause)


def _keep(tenant: Tenant, key: str, response: dict[str, Any]) -> None:
    """A reset may have taken the response away meanwhile: then it stays away."""
    kept = tenant.store.collection("forms-responses")
    if key in kept:
        kept[key] = response


def _status(answer: httpx.Response | None) -> str:
    if answer is None or answer.status_code >= 500 or answer.status_code in _RETRIED:
        return "Retrying"
    return "Succeeded" if answer.status_code < 300 else "Failed"


async def _call(tenant: Tenant, kept: dict[str, Any]) -> httpx.Response | None:
    answers: list[httpx.Response | None] = []

    async def call(action: str, inputs: dict[str, Any]) -> Any:
        if action == "Get_response_details":
            return kept["response"]
        if action == "Get_file_content":
            return _content(kept, inputs["path"])
        if action == "Get_function_key":
            return {"value": tenant.config.function_key}
        answers.append(await _send(tenant, kept, inputs))
        return None

    trigger = {"resourceData": {"responseId": kept["responseId"]}}
    await Run(forms_flow(), _parameters(tenant, kept), trigger, call).play()
    return answers[0]


def _parameters(tenant: Tenant, kept: dict[str, Any]) -> dict[str, Any]:
    """What infra/modules/forms.bicep hands to the flow."""
    return {
        "$connections": {
            "microsoftforms": {"connectionId": "forms"},
            "onedriveforbusiness": {"connectionId": "files"},
        },
        "desk": kept["desk"],
        "form": kept["form"],
        "formId": f"{kept['desk']}-{kept['form']}",
        "fileQuestions": list(dict.fromkeys(file["question_id"] for file in kept["files"])),
        "appUrl": tenant.config.host_url,
        "audience": "api://docket",
        "identity": "local",
        "keyUri": "https://vault.example/secrets/forms-function-key",
    }


def _content(kept: dict[str, Any], path: str) -> dict[str, str]:
    """A file in the owner's OneDrive, by the reference in the answer of its question."""
    wanted = unquote(unquote(path.split("/")[-2]))
    for question in dict.fromkeys(file["question_id"] for file in kept["files"]):
        mine = [file for file in kept["files"] if file["question_id"] == question]
        for place, file in zip(json.loads(kept["response"][question]), mine, strict=True):
            if place["id"] == wanted:
                return {"$content-type": file["content_type"], "$content": file["content_base64"]}
    raise FlowFailedError(f"there is no file {wanted!r} in the owner's OneDrive")


async def _send(
    tenant: Tenant, kept: dict[str, Any], inputs: dict[str, Any]
) -> httpx.Response | None:
    answer = await tenant.call_host(
        inputs["method"], inputs["uri"], json=inputs["body"], headers=inputs["headers"], kind=""
    )
    if answer is not None:
        _journal(tenant, kept["response"], answer)
    return answer


def _journal(tenant: Tenant, details: dict[str, str], answer: httpx.Response) -> None:
    """The contract knows the connector's body, not our envelope; a refusal is no breach of it."""
    tenant.journal.append(
        {
            "at": datetime.now(UTC).isoformat(),
            "service": "inbound" if answer.is_success else "forms",
            "kind": "forms-response-details",
            "method": "POST",
            "url": str(answer.request.url),
            "request_headers": {"content-type": "application/json"},
            "request_body": details,
            "status": answer.status_code,
            "response_body": answer.text or None,
            "response_headers": dict(answer.headers),
        }
    )
