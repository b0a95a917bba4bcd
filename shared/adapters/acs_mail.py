"""Mail through Azure Communication Services: our own Message-ID and Operation-Id keep it single.

https://learn.microsoft.com/azure/communication-services/concepts/email/email-headers
https://learn.microsoft.com/rest/api/communication/email/email/send
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import TYPE_CHECKING, Any

from shared.adapters.http import OnCall, retry_after
from shared.adapters.marks import uuid_of
from shared.domain.errors import DocketError, Rejected, Unavailable
from shared.ports import Mail

if TYPE_CHECKING:
    from azure.communication.email.aio import EmailClient
    from azure.core.credentials import AzureKeyCredential
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.exceptions import HttpResponseError

_API_VERSION = "2025-09-01"
_TIMEOUT = 30.0
_MOST_BYTES = 7_000_000  # of files; the service takes 10 MB of JSON, base64 and texts included
_DUPLICATE = re.compile(r"message[ -]?id", re.IGNORECASE)
_PASSING = frozenset({401, 403, 408, 409, 425, 429})


class AcsMailer:
    """Mailer. `sender` is an address of a verified domain, the only kind that the service takes.

    It takes the place of `mail.sender`; answers go to `reply_to`.
    """

    def __init__(
        self,
        endpoint: str,
        credential: AsyncTokenCredential | AzureKeyCredential,
        sender: str,
        *,
        timeout: float = _TIMEOUT,
        on_call: OnCall | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._credential = credential
        self._sender = sender
        self._timeout = timeout
        self._on_call = on_call
        self._client: EmailClient | None = None

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        """Sends once per key, under the given Message-ID.

        On `again` a known operation, or a refusal because the Message-ID was seen, means done.
        """
        operation = uuid_of(key)
        if again and await self._is_known(operation):
            return mail.message_id
        refused = await self._begin(_message(mail, self._sender), operation)
        if refused is not None and not (again and _is_duplicate(refused)):
            raise _failure("send", refused)
        return mail.message_id

    async def aclose(self) -> None:
        """Closes the connections; the credential belongs to the caller."""
        if self._client is not None:
            await self._client.close()

    async def _begin(self, message: dict[str, Any], operation: str) -> HttpResponseError | None:
        """Hands the mail over; gives the answer when it was a refusal."""
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415

        client = self._ready("send")
        try:
            async with asyncio.timeout(self._timeout):
                await client.begin_send(message, operation_id=operation, polling=False)
        except HttpResponseError as error:
            return error
        except (AzureError, TimeoutError) as error:
            raise _no_answer("send", error) from error
        return None

    async def _is_known(self, operation: str) -> bool:
        """Whether an earlier attempt arrived. Raises Rejected when that one failed for good."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        request = HttpRequest(
            "GET", f"/emails/operations/{operation}", params={"api-version": _API_VERSION}
        )
        client = self._ready("get operation")
        try:
            async with asyncio.timeout(self._timeout):
                answer = await client.send_request(request)
        except (AzureError, TimeoutError) as error:
            raise _no_answer("get operation", error) from error
        if answer.status_code == 404:
            return False
        if answer.status_code != 200:
            raise Unavailable(
                f"ACS: get operation was answered with {answer.status_code}",
                retry_after(answer.headers),
            )
        if answer.json().get("status") in ("Failed", "Canceled"):
            raise Rejected("ACS: the mail was taken and then failed")
        return True

    def _ready(self, name: str) -> EmailClient:
        from azure.communication.email.aio import EmailClient  # noqa: PLC0415  # costs 0.1 s

        if self._on_call is not None:
            self._on_call(name)
        if self._client is None:
            self._client = EmailClient(
                self._endpoint,
                self._credential,
                api_version=_API_VERSION,
                retry_total=0,
                connection_timeout=5,
                read_timeout=self._timeout,
            )
        return self._client


def _message(mail: Mail, sender: str) -> dict[str, Any]:
    if sum(len(file.content) for file in mail.files) > _MOST_BYTES:
        raise Rejected("ACS: the attachments are larger than 7 MB in all")
    message: dict[str, Any] = {
        "senderAddress": sender,
        "recipients": {"to": [{"address": a, "displayName": n or a} for a, n in mail.to]},
        "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
        "headers": _headers(mail),
        "userEngagementTrackingDisabled": True,
    }
    if mail.files:
        message["attachments"] = [
            {
                "name": file.name,
                "contentType": file.content_type,
                "contentInBase64": base64.b64encode(file.content).decode(),
            }
            for file in mail.files
        ]
    if mail.reply_to:
        message["replyTo"] = [{"address": mail.reply_to}]
    return message


def _headers(mail: Mail) -> dict[str, str]:
    headers = {
        **dict(mail.headers),
        "Message-ID": mail.message_id,
        "In-Reply-To": mail.in_reply_to,
        "References": " ".join(mail.references),
        # refuses a Message-ID that it has seen before, instead of replacing it
        "x-ms-acsemail-validate-message-id": "true",
    }
    return {name: value for name, value in headers.items() if value}


def _is_duplicate(refused: HttpResponseError) -> bool:
    if refused.status_code == 409:  # the Operation-Id was used
        return True
    return refused.status_code == 400 and bool(_DUPLICATE.search(refused.message))


def _failure(name: str, refused: HttpResponseError) -> DocketError:
    status = refused.status_code or 0
    code = getattr(refused.error, "code", None)
    text = f"ACS: {name} was answered with {status}" + (f" ({code})" if code else "")
    if status in _PASSING or status >= 500 or status < 400:
        headers = getattr(refused.response, "headers", {})
        return Unavailable(text, retry_after(headers))
    return Rejected(text)


def _no_answer(name: str, error: Exception) -> Unavailable:
    return Unavailable(f"ACS: {name}: no answer ({type(error).__name__})")
