"""A desk's mailbox in memory: raw mails go in, tickets and the ledger come out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from typing import Any

from shared.domain.desk import Desk
from shared.domain.people import Actor, ActorKind
from shared.ports import Mail
from shared.service import layout as ly
from shared.service import mail_ledger, mail_subscription, quarantine, reads
from shared.service.mail_ledger import Day
from shared.service.mail_room import MailRoom
from shared.service.mailbox import look
from tests.support.app import MemoryApp, memory_app

JANE = "Jane Roe <jane.roe@client.example>"
CRM = "Carl <carl@doorfunds.example>"  # internal, and no member of the desk
TOM = "Tom Becker <tom.becker@doorfunds.example>"
DOOR, MYTC = "support@doorfunds.example", "support@mytc.example"


def raw_mail(
    body: str = "The fund list is empty.\n",
    *,
    subject: str = "Fund list",
    sender: str = JANE,
    to: str = DOOR,
    message_id: str = "<m1@client.example>",
    **headers: str,
) -> bytes:
    """A plain mail; other headers are written with underscores."""
    fields = {"From": sender, "To": to, "Subject": subject, "Message-ID": message_id}
    fields |= {"Date": "Mon, 23 Nov 2026 14:00:00 +0000"}
    fields |= {"Content-Type": "text/plain; charset=utf-8"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"{head}\r\n{body}".encode()


def with_files(*files: tuple[str, bytes], **fields: str) -> bytes:
    """A mail with attachments."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = JANE, DOOR, "Files"
    mail["Message-ID"] = fields.get("message_id", "<files@client.example>")
    mail.set_content(fields.get("body", "See the files.\n"))
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


@dataclass
class DeskMail:
    """Handles for one desk of an app."""

    app: MemoryApp = field(default_factory=memory_app)
    name: str = "door"

    @property
    def desk(self) -> Desk:
        return self.app.deps.desks[self.name]

    @property
    def room(self) -> MailRoom:
        return self.app.app.mail_room

    @classmethod
    def with_policy(cls, **changes: object) -> DeskMail:
        """The door desk with other rules for its mailbox."""
        made = memory_app()
        old = made.deps.desks["door"]
        policy = old.mail.model_copy(update=changes)
        desks = {**made.deps.desks, "door": old.model_copy(update={"mail": policy})}
        deps = replace(made.deps, desks=desks)
        room = replace(made.app.mail_room, deps=deps)
        made.app = replace(made.app, deps=deps, mail_room=room)
        return cls(made)

    def arrive(self, raw: bytes, message_id: str | None = None) -> None:
        """The message is in the inbox; nobody has looked yet."""
        found = message_id
        if found is None:
            lines = raw.decode("latin-1").split("\n")
            named = [x for x in lines if x.lower().startswith("message-id:")]
            found = named[0].partition(":")[2].strip() if named else ""
        reader = self.app.vendors.reader
        reader.deliver(self.desk.mail.address, raw, self.app.clock.now(), found)

    async def look(self) -> None:
        await look(self.room, self.desk)

    async def take(self, raw: bytes) -> mail_ledger.Entry:
        """The message arrives and is looked at; its entry in the ledger."""
        before = {e.message for e in (await self.day()).entries}
        self.arrive(raw)
        await self.look()
        entries = [e for e in (await self.day()).entries if e.message not in before]
        assert len(entries) == 1
        return entries[0]

    async def opened(self, raw: bytes | None = None) -> ly.Loaded:
        """The ticket that the mail made."""
        entry = await self.take(raw or raw_mail())
        assert entry.outcome == "ticket", entry
        return await self.loaded(entry.number)

    async def followed(self, raw: bytes) -> ly.Loaded:
        """The ticket that the mail joined."""
        entry = await self.take(raw)
        assert entry.outcome == "follow_up", entry
        return await self.loaded(entry.number)

    async def loaded(self, number: str) -> ly.Loaded:
        return await reads.find(self.app.deps, number)

    async def day(self) -> Day:
        return await mail_ledger.day(self.app.deps, self.desk, self.app.clock.now().date())

    async def kept(self) -> list[str]:
        """The reasons in the quarantine."""
        return [k.reason for _, k in await quarantine.entries(self.app.deps, self.desk)]

    async def tickets(self) -> list[str]:
        page = await reads.tickets(self.app.deps, self.desk, reads.Query(view="all", limit=200))
        return sorted(s.number for s in page.tickets)

    def sent(self, to: str) -> list[Mail]:
        """Mails that left to an address; deliver_all() first."""
        mails = self.app.vendors.mail.sent.values()
        return [m for m in mails if any(address == to for address, _ in m.to)]

    async def confirmation(self, to: str = "jane.roe@client.example") -> Mail:
        await self.app.deliver_all()
        return self.sent(to)[0]

    def client(self, email: str = "jane.roe@client.example") -> Actor:
        return Actor(kind=ActorKind.CLIENT, email=email)


def texts(loaded: ly.Loaded, kind: str) -> list[str]:
    """The texts of the events of that kind, in order."""
    found: list[Any] = [r.event for r in loaded.history if r.event.kind == kind]
    return [event.text for event in found]


async def ensure_all(room: MailRoom, *, renew: bool) -> None:
    """A subscription for each desk."""
    for desk in room.deps.desks.values():
        await mail_subscription.ensure_if_possible(room, desk, renew=renew)
