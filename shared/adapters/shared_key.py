"""Signs requests with an account's key: what the emulator wants, and no deployment uses.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest
from yarl import URL


class SharedKeyPolicy(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Adds the Authorization header; must be the last policy that touches headers.

    `tables`: the Table service wants a shorter text signed than Blob and Queue do.
    """

    def __init__(self, credential: AzureNamedKeyCredential, *, tables: bool) -> None:
        self._account = credential.named_key.name
        self._key = base64.b64decode(credential.named_key.key)
        self._text = _table_text if tables else _blob_or_queue_text

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Signs the request as it stands."""
        http = request.http_request
        # aiohttp sends what yarl makes of the address, so that is what gets signed.
        text = self._text(http, URL(http.url), self._account)
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        http.headers["Authorization"] = f"SharedKey {self._account}:{signature}"


def _table_text(http: HttpRequest, url: URL, account: str) -> str:
    content_type = http.headers.get("Content-Type", "")
    date = http.headers["x-ms-date"]
    return f"{http.method}\n\n{content_type}\n{date}\n/{account}{url.raw_path}"


def _blob_or_queue_text(http: HttpRequest, url: URL, account: str) -> str:
    headers = {name.lower(): value for name, value in http.headers.items()}
    length = headers.get("content-length", "0")
    signed = [http.method, "", "", "" if length == "0" else length, ""]
    signed += [headers.get("content-type", ""), "", "", "", "", "", ""]
    signed += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-ms-")]
    signed.append(f"/{account}{url.raw_path}")
    signed += [f"{name}:{value}" for name, value in sorted(url.query.items())]
    return "\n".join(signed)
