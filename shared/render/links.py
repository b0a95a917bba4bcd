"""Signed links for clients, and Message-IDs that lead an answer back to its ticket."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.domain.errors import NotFound

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

    from shared.domain.effects import Bound

LIFE = dt.timedelta(days=90)
LIST_LIFE = dt.timedelta(hours=24)
_GLANCE = "sent"  # marks a token of a pass that is not proven
_OURS = re.compile(r"<docket\.([A-Za-z0-9]+-\d+)\.([a-z0-9]+)\.([0-9a-f]{12})@[^<>@\s]+>")
_BOUND: dict[str, Bound] = {"c": "client", "e": "either", "i": "inside", "t": "thread"}


@dataclass(frozen=True)
class Pass:
    """What a client's link allows: one ticket (`number`), or the list of a person's requests.

    `is_proven`: the link came by mail, or its holder is signed in. Else somebody typed the address
    into a form, and sees what was sent there and no more.
    """

    email: str
    number: str = ""
    is_proven: bool = True


@dataclass(frozen=True)
class Links:
    """Makes and reads links. `key` is a secret of at least 32 random characters."""

    public_url: str
    key: str

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        from itsdangerous import URLSafeSerializer  # noqa: PLC0415  # used by a few requests only

        return URLSafeSerializer(self.key, salt="client-link", signer_kwargs=_SIGNER)

    def token(self, holder: Pass, now: dt.datetime) -> str:
        """A signed, expiring token for that pass. Not secret from its holder, not forgeable."""
        life = LIFE if holder.number and holder.is_proven else LIST_LIFE
        mark = [] if holder.is_proven else [_GLANCE]
        until = int((now + life).timestamp())
        return self._serializer.dumps([holder.email, holder.number, until, *mark])

    def read(self, token: str, now: dt.datetime) -> Pass:
        """The pass. Raises NotFound for a forged, damaged or expired token."""
        from itsdangerous import BadData  # noqa: PLC0415

        try:
            data: Any = self._serializer.loads(token[:2000])
            email, number, until, *mark = data
        except (BadData, ValueError, TypeError) as error:
            raise NotFound("this link is not valid; use the link of the latest mail") from error
        if now.timestamp() > until:
            raise NotFound("this link has expired; ask for a new one on the page My requests")
        return Pass(str(email), str(number), is_proven=not mark)

    def client_ticket(self, email: str, number: str, now: dt.datetime) -> str:
        """A client's page of one ticket."""
        return f"{self.public_url}/r/{self.token(Pass(email, number), now)}"

    def client_list(self, email: str, now: dt.datetime) -> str:
        """A client's list of requests."""
        return f"{self.public_url}/my/{self.token(Pass(email), now)}"

    def staff_ticket(self, desk: str, number: str) -> str:
        """A ticket's page in the console."""
        return f"{self.public_url}/desk/{desk}/tickets/{number}"

    def _signature(self, number: str, part: str) -> str:
        text = f"message-id|{number}|{part}".encode()
        return hmac.new(self.key.encode(), text, hashlib.sha256).hexdigest()[:12]

    def message_id(self, number: str, key: str, domain: str, bound: str) -> str:
        """A Message-ID that names its ticket and cannot be made up by strangers.

        It also says for whom an answer is meant. Short enough for one header line: some programs
        that answer encode longer ones.
        """
        part = bound[0] + hashlib.sha256(key.encode()).hexdigest()[:10]
        return f"<docket.{number}.{part}.{self._signature(number, part)}@{domain}>"

    def thread_id(self, number: str, domain: str) -> str:
        """Stands in the References of every mail, so answers find the ticket even where the mail
        system gave our mails other ids."""
        return self.message_id(number, "thread", domain, "thread")

    def ticket_of(self, message_ids: tuple[str, ...]) -> str | None:
        """The ticket that one of these Message-IDs names, if it is truly ours; the last counts."""
        return next(
            (number for number, _ in map(self._named, reversed(message_ids)) if number), None
        )

    def bound(self, message_id: str) -> Bound | None:
        """For whom an answer to this mail of ours is meant; None for anybody else's mail."""
        _, part = self._named(message_id)
        return _BOUND.get(part[:1])

    def _named(self, text: str) -> tuple[str, str]:
        """The ticket and the mail that a Message-ID of ours names, else empty texts."""
        match = _OURS.fullmatch(text.strip())
        if match is None:
            return "", ""
        number, part, signature = match.groups()
        is_ours = hmac.compare_digest(signature, self._signature(number, part))
        return (number, part) if is_ours else ("", "")


_SIGNER = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
