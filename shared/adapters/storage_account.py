"""A storage account: where its services are, and who we are to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.core.utils import parse_connection_string

from shared.adapters.shared_key import SharedKeyPolicy

SCOPE = "https://storage.azure.com/.default"

type Signer = SharedKeyPolicy | AsyncBearerTokenCredentialPolicy[HttpRequest, AsyncHttpResponse]


@dataclass(frozen=True)
class StorageAccount:
    """The addresses of the three services, without a slash at the end, and a credential.

    `keepalive`: seconds that an idle connection is kept; must be less than the server keeps it,
    for a POST on a connection that the server just closed is a POST whose fate nobody knows.
    """

    tables: str
    queues: str
    blobs: str
    credential: AzureNamedKeyCredential | AsyncTokenCredential = field(repr=False)
    keepalive: float = 30.0

    @classmethod
    def from_connection_string(cls, text: str, *, keepalive: float = 4.0) -> StorageAccount:
        """The emulator's account. ValueError when the text lacks an address or the key.

        Azurite closes idle connections after 5 seconds, hence the default `keepalive`.
        """
        found = parse_connection_string(text)
        try:
            key = AzureNamedKeyCredential(found["accountname"], found["accountkey"])
            tables, queues, blobs = (
                found[f"{name}endpoint"].rstrip("/") for name in ("table", "queue", "blob")
            )
        except KeyError as error:
            raise ValueError(f"connection string: {error.args[0]} is missing") from error
        return cls(tables, queues, blobs, key, keepalive)

    @classmethod
    def with_managed_identity(
        cls, *, tables: str, queues: str, blobs: str, client_id: str | None = None
    ) -> StorageAccount:
        """An account on Azure; `client_id` names a user-assigned identity."""
        # Slow to import, and no other way in needs it.
        from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415

        credential = ManagedIdentityCredential(client_id=client_id)
        return cls(tables.rstrip("/"), queues.rstrip("/"), blobs.rstrip("/"), credential)

    def signer(self, *, tables: bool) -> Signer:
        """A policy that puts our credential on each request."""
        if isinstance(self.credential, AzureNamedKeyCredential):
            return SharedKeyPolicy(self.credential, tables=tables)
        return AsyncBearerTokenCredentialPolicy(self.credential, SCOPE)

    async def aclose(self) -> None:
        """Closes the credential's own connections; the adapters close theirs."""
        if not isinstance(self.credential, AzureNamedKeyCredential):
            await self.credential.close()
