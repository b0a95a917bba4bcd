"""The mail timers: what is broken on one desk keeps no other waiting, and is heard of."""

from __future__ import annotations

import json
import logging

import pytest

from functions import mail_workers
from functions.turns import TurnsFailed
from shared.context import use_app
from shared.domain.errors import Rejected
from shared.ports import Put
from shared.service import layout as ly
from shared.service.mail_subscription import known
from tests.mail_service.desk_mail import DeskMail, raw_mail

BROKEN = json.dumps({"newer": "jane.roe@client.example"})


async def breaks(post: DeskMail, key: str) -> None:
    """A row that this release cannot read."""
    await post.app.rows.commit(post.desk.id, [Put(key, BROKEN)])


async def test_the_day_of_a_desk_is_compared_though_another_ones_fails(
    post: DeskMail, caplog: pytest.LogCaptureFixture
) -> None:
    use_app(post.app.app)
    post.app.vendors.reader.failing.append(Rejected("Graph: 403"))
    first, *others = post.app.deps.desks
    with caplog.at_level(logging.INFO), pytest.raises(TurnsFailed, match=f"of {first}: Rejected"):
        await mail_workers.reconcile_mail()
    told = {vars(r)["desk"]: r.getMessage() for r in caplog.records if "day's" in r.getMessage()}
    balanced = dict.fromkeys(others, "the day's mails balance")
    assert told == {first: "the day's mails did not balance", **balanced}


async def test_a_desk_gets_its_subscription_though_another_ones_fails(post: DeskMail) -> None:
    use_app(post.app.app)
    reader = post.app.vendors.reader
    reader.failing.append(KeyError("jane.roe@client.example"))  # type: ignore[arg-type]
    with pytest.raises(TurnsFailed, match=r"^subscription of [a-z]+: KeyError$"):
        await mail_workers.renew_subscriptions()
    assert len(reader.subscriptions) == len(post.app.deps.desks) - 1


async def test_mail_comes_in_though_there_is_no_subscription_to_be_had(post: DeskMail) -> None:
    use_app(post.app.app)
    post.arrive(raw_mail())
    post.app.vendors.reader.failing.append(KeyError("Graph"))  # type: ignore[arg-type]
    with pytest.raises(TurnsFailed):
        await mail_workers.poll_mailboxes()
    assert (await post.day()).count("ticket") == 1


async def test_a_subscription_whose_row_cannot_be_read_is_made_anew(post: DeskMail) -> None:
    use_app(post.app.app)
    await breaks(post, ly.subscription_key(post.desk.mail.address))
    await mail_workers.renew_subscriptions()
    assert await known(post.room, post.desk) is not None


async def test_a_ledger_row_that_cannot_be_read_does_not_balance_and_hides_no_other(
    post: DeskMail, caplog: pytest.LogCaptureFixture
) -> None:
    use_app(post.app.app)
    entry = await post.take(raw_mail())
    lost = await post.take(raw_mail(message_id="<m2@client.example>"))
    await breaks(post, lost.key)
    day = await post.day()
    assert entry in day.entries
    assert (len(day.entries), day.count("pending"), day.is_balanced) == (2, 1, False)
    [told] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert told.getMessage() == "a row of the mail ledger cannot be read"


async def test_a_mail_whose_ledger_row_cannot_be_read_makes_no_second_ticket(
    post: DeskMail,
) -> None:
    use_app(post.app.app)
    first = await post.take(raw_mail())
    await breaks(post, first.key)
    post.app.clock.advance(days=1)
    await mail_workers.reconcile_mail()
    rows = await post.app.rows.scan("door", first.key, first.key + ly.END)
    assert json.loads(rows[0].body)["number"] == first.number
    assert len(await post.app.rows.scan("door", "open|", f"open{ly.END}")) == 1
