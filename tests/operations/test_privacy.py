"""A person's data: handed out whole, and gone without a trace."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from zipfile import ZipFile

import pytest

from shared.adapters.memory import MemoryBlobs, MemoryRows
from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Unavailable
from shared.domain.evolve import replay
from shared.domain.people import Person
from shared.ports import Put
from shared.service import files, person_export, privacy, reads, rebuild
from shared.service import layout as ly
from shared.service.files import Upload
from tests.operations.journey import (
    CASEY,
    HOLLY,
    SAM,
    archived,
    closed,
    opened,
    order,
    without_type,
    worked,
)
from tests.support.app import MemoryApp, memory_app

ROBIN = Person(email="robin@client.example", name="Robin Park")
RAW = "mail/mytc/one"
MAIL = b"From: robin@client.example\r\nTo: support@mytc.example\r\n\r\nhello"


@pytest.fixture
def app() -> MemoryApp:
    return memory_app()


@pytest.fixture
def desk(app: MemoryApp) -> Desk:
    return app.deps.desks["mytc"]


async def kept_mail(app: MemoryApp, name: str, content: bytes, sender: str) -> None:
    """A mail in its blob and in the ledger, as the mail room keeps them."""
    await app.deps.blobs.put(name, content, "message/rfc822")
    entry = {
        "message": f"<{name}@client.example>", "received_at": "2026-11-23T15:00:00Z",
        "outcome": "rejected", "sender": sender, "subject": "Out of office", "raw": name,
    }  # fmt: skip
    key = f"ledger|2026-11-23|{ly.digest(name)}"
    await app.rows.commit("mytc", [Put(key, json.dumps(entry))])


async def full(app: MemoryApp) -> list[str]:
    """Casey's tickets (archived, closed, worked), and one of Robin's that names Casey."""
    numbers = [await archived(app), await closed(app), await worked(app)]
    robins = await opened(app, ROBIN, description="Ask Casey Lee.\ncasey.lee@client.example knows.")
    note = cm.Note(command="note", text="asked casey.lee@client.example, Casey Lee said yes")
    await order(app, robins, SAM, note)
    await app.deliver_all()
    await kept_mail(
        app, "mail/mytc/a", b"From: Casey <CASEY.lee@client.example>\r\n\r\nx", CASEY.email
    )
    await kept_mail(app, "mail/mytc/b", MAIL, ROBIN.email)
    copied = MAIL.replace(b"\r\n\r\n", b"\r\nCc: casey.lee@client.example\r\n\r\n")
    await kept_mail(app, "mail/mytc/c", copied, ROBIN.email)
    await app.deps.blobs.put("quarantine/mytc/q", b"casey.lee@client.example", "text/plain")
    more = {
        "quarantine|q": {"source": "mail", "at": "2026-11-23T15:00:00Z", "reason": "odd",
                         "blob": "quarantine/mytc/q"},
        f"sender|{ly.digest(CASEY.email)}": {"email": CASEY.email},
        f"sent|{ly.digest(CASEY.email)}|1|MYTC-1": {"number": "MYTC-1"},
        "thread|t": {"people": [CASEY.email, ROBIN.email]},
    }  # fmt: skip
    await app.rows.commit("mytc", [Put(k, json.dumps(v)) for k, v in more.items()])
    await opened(app)  # with its mails still owed
    return [*numbers, robins]


def stored(app: MemoryApp) -> dict[str, str]:
    """Every row and every blob of the whole system, as text."""
    found: dict[str, str] = {}
    assert isinstance(app.deps.archive, MemoryRows)
    assert isinstance(app.deps.blobs, MemoryBlobs)
    for rows in (app.rows, app.deps.archive):
        for partition, held in rows._partitions.items():
            found |= {f"{partition} {key}": row.body for key, row in held.rows.items()}
    blobs = app.deps.blobs.stored.items()
    return found | {name: content.decode(errors="replace") for name, (content, _) in blobs}


async def test_after_erasing_nothing_that_is_stored_names_the_person(
    app: MemoryApp, desk: Desk
) -> None:
    await full(app)
    assert any(CASEY.email in text.lower() for text in stored(app).values())
    await privacy.erase(app.deps, "Casey.Lee@client.example")
    left = [
        place
        for place, text in stored(app).items()
        for word in (CASEY.email, CASEY.name.lower(), ly.digest(CASEY.email), "xyzzy")
        if word in text.lower() or word in place
    ]
    assert left == []


async def test_histories_stay_valid_and_everything_follows_from_them(
    app: MemoryApp, desk: Desk
) -> None:
    numbers = await full(app)
    versions = [(await reads.find(app.deps, n)).ticket.version for n in numbers]
    await privacy.erase(app.deps, CASEY.email)
    assert [d async for d in rebuild.check_desk(app.deps, desk)] == []
    for number, version in zip(numbers, versions, strict=True):
        loaded = await reads.find(app.deps, number)
        assert loaded.ticket == replay(loaded.history)
        assert loaded.ticket.version == version


async def test_what_staff_and_others_wrote_stays_but_for_the_name(app: MemoryApp) -> None:
    *_, worked_, robins = await full(app)
    erased = await privacy.erase(app.deps, CASEY.email)
    other = (await reads.find(app.deps, robins)).ticket
    assert other.description == f"Ask Erased person.\n{erased.placeholder} knows."
    assert other.requester == ROBIN
    history = (await reads.find(app.deps, worked_)).history
    texts = [r.event.text for r in history if hasattr(r.event, "text")]
    assert "Erased person was called" in texts
    assert "Dear Erased person, we look into it." in texts
    assert texts[-1] == "[erased]"


async def test_erasing_again_changes_nothing(app: MemoryApp) -> None:
    await full(app)
    await privacy.erase(app.deps, CASEY.email)
    before = stored(app)
    again = await privacy.erase(app.deps, CASEY.email)
    assert (again.tickets, again.rows, again.blobs) == ((), 0, 0)
    assert stored(app) == before


@pytest.mark.parametrize("stop", range(1, 31, 3))
async def test_an_erasure_that_was_interrupted_anywhere_is_finished_by_the_next_one(
    stop: int,
) -> None:
    left = 0

    def fail(call: str) -> None:
        nonlocal left
        if call in ("table.commit", "blob.delete"):
            left -= 1
            if left == 0:
                raise Unavailable("storage is away")

    app = memory_app(fail)
    await archived(app)
    await worked(app)
    left = stop
    with suppress(Unavailable):
        await privacy.erase(app.deps, CASEY.email)
    left = 0
    await privacy.erase(app.deps, CASEY.email)
    assert not [p for p, text in stored(app).items() if CASEY.email in text.lower()]
    desk = app.deps.desks["mytc"]
    assert [d async for d in rebuild.check_desk(app.deps, desk)] == []


async def test_an_archived_ticket_of_a_type_that_is_no_more_is_erased_too(
    app: MemoryApp, desk: Desk
) -> None:
    number = await archived(app)
    other = without_type(desk, "production_issue")
    deps = replace(app.deps, desks={"mytc": other})
    assert (await privacy.erase(deps, CASEY.email)).tickets == (number,)
    assert not [p for p, text in stored(app).items() if CASEY.email in text.lower()]


async def test_files_that_somebody_else_attached_too_stay(app: MemoryApp) -> None:
    shared = [Upload("shared.txt", "text/plain", b"both have it")]
    own = [Upload("own.txt", "text/plain", b"only mine")]
    both = await files.store(app.deps.blobs, shared, public=True)
    mine = await files.store(app.deps.blobs, own, public=True)
    await opened(app, CASEY, attachments=(*both, *mine))
    robins = await opened(app, ROBIN, attachments=both)
    await privacy.erase(app.deps, CASEY.email)
    assert isinstance(app.deps.blobs, MemoryBlobs)
    assert set(app.deps.blobs.stored) == {both[0].blob}
    assert (await reads.find(app.deps, robins)).ticket.attachments == both


async def test_a_mail_whose_text_is_encoded_is_found_too(app: MemoryApp) -> None:
    encoded = (
        b"From: a@b.example\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n"
        b"\r\nd3JpdGUgdG8gY2FzZXkubGVlQGNsaWVudC5leGFtcGxlCg==\r\n"
    )
    await kept_mail(app, RAW, encoded, ROBIN.email)
    await kept_mail(app, "mail/mytc/two", MAIL, ROBIN.email)
    await privacy.erase(app.deps, CASEY.email)
    assert isinstance(app.deps.blobs, MemoryBlobs)
    assert set(app.deps.blobs.stored) == {"mail/mytc/two"}


async def test_somebody_whose_address_only_looks_alike_is_left_alone(app: MemoryApp) -> None:
    alike = Person(email="xcasey.lee@client.example", name="Casey Leer")
    await opened(app, alike)
    before = stored(app)
    assert (await privacy.erase(app.deps, CASEY.email)).tickets == ()
    assert stored(app) == before


async def test_nothing_is_sent_to_somebody_who_was_erased(app: MemoryApp) -> None:
    number = await opened(app)
    await privacy.erase(app.deps, CASEY.email)
    await order(app, number, HOLLY, cm.Reply(command="reply", text="Are you there?"))
    await app.deliver_all()
    receivers = [to for mail in app.vendors.mail.sent.values() for to, _ in mail.to]
    assert not [to for to in receivers if to.endswith("erased.invalid")]


async def test_a_member_is_not_erased(app: MemoryApp) -> None:
    with pytest.raises(privacy.IsMember, match="mytc"):
        await privacy.erase(app.deps, HOLLY)


async def exported(app: MemoryApp, email: str) -> tuple[person_export.Exported, dict[str, str]]:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as into:
        told = await person_export.export(app.deps, email, into)
    with ZipFile(buffer) as made:
        return told, {name: made.read(name).decode() for name in made.namelist()}


async def test_a_persons_export_holds_their_tickets_messages_files_and_mails(
    app: MemoryApp,
) -> None:
    *casey, robins = await full(app)
    told, zipped = await exported(app, CASEY.email)
    assert set(told.tickets) >= set(casey)
    assert robins not in told.tickets
    history = json.loads(zipped[f"tickets/{casey[2]}.json"])["history"]
    texts = [h["text"] for h in history if h["kind"] == "replied"]
    assert texts == [
        "Dear Casey Lee, we look into it.", "Thanks. Write to CASEY.LEE@CLIENT.EXAMPLE please."
    ]  # fmt: skip
    assert any(name.startswith(f"files/{casey[2]}/") for name in zipped)
    assert any("CASEY.lee" in text for name, text in zipped.items() if name.endswith(".eml"))


async def test_a_persons_export_holds_nothing_internal_but_says_where_to_look(
    app: MemoryApp,
) -> None:
    *_, robins = await full(app)
    told, zipped = await exported(app, CASEY.email)
    everything = " ".join(zipped.values())
    assert "was called" not in everything
    assert "it is ours" not in everything
    assert SAM not in everything
    assert robins in json.loads(zipped["review.json"])["also_named_in"]
    assert "thread|t" in told.review
