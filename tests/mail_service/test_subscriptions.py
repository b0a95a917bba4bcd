"""Subscriptions wake us; whatever happens to them, there is one again soon."""

import datetime as dt
from dataclasses import replace

from shared.domain.errors import Rejected
from shared.render.wording import moment
from shared.service.doctor import subscription
from shared.service.mail_subscription import LIFE, known
from tests.mail_service.desk_mail import DeskMail, ensure_all


def subscriptions(post: DeskMail) -> dict[str, dt.datetime]:
    return post.app.vendors.reader.subscriptions


async def test_each_desk_gets_one_and_keeps_it(post: DeskMail) -> None:
    await ensure_all(post.room, renew=False)
    await ensure_all(post.room, renew=False)
    assert len(subscriptions(post)) == len(post.app.deps.desks)
    assert set(subscriptions(post).values()) == {post.app.clock.now() + LIFE}
    assert dt.timedelta(days=7) > LIFE


async def test_the_hourly_renewal_extends_it(post: DeskMail) -> None:
    await ensure_all(post.room, renew=False)
    post.app.clock.advance(hours=1)
    await ensure_all(post.room, renew=True)
    assert set(subscriptions(post).values()) == {post.app.clock.now() + LIFE}


async def test_one_that_is_gone_at_the_vendor_is_created_again(post: DeskMail) -> None:
    await ensure_all(post.room, renew=False)
    subscriptions(post).clear()
    await ensure_all(post.room, renew=True)
    assert len(subscriptions(post)) == len(post.app.deps.desks)


async def test_one_that_expired_is_created_again_by_the_minute_timer(post: DeskMail) -> None:
    await ensure_all(post.room, renew=False)
    subscriptions(post).clear()
    post.app.clock.advance(days=7)
    await ensure_all(post.room, renew=False)
    subscription = await known(post.room, post.desk)
    assert subscription is not None
    assert subscription.until == post.app.clock.now() + LIFE


async def test_a_vendor_that_refuses_does_not_stop_anything(post: DeskMail) -> None:
    post.app.vendors.reader.failing.append(Rejected("Graph: 400"))
    await ensure_all(post.room, renew=False)
    assert len(subscriptions(post)) == len(post.app.deps.desks) - 1


async def test_without_a_secret_there_is_no_subscription(post: DeskMail) -> None:
    await ensure_all(replace(post.room, state=""), renew=True)
    assert subscriptions(post) == {}


async def test_the_doctor_tells_its_end_in_the_desks_own_time(post: DeskMail) -> None:
    await ensure_all(post.room, renew=False)
    until = moment(post.app.clock.now() + LIFE, "America/Toronto")
    desk = post.app.deps.desks["mytc"]
    assert await subscription(post.room, desk) == f"a subscription until {until}"
