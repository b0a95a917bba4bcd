"""Times and days as people read them, in their own language."""

from __future__ import annotations

import datetime as dt

import pytest

from shared.desk_check.samples import NOW
from shared.render.wording import day, moment
from tests.pages.client_site import CASEY, ClientSite

WINTER = dt.datetime(2026, 1, 5, 17, tzinfo=dt.UTC)
SUMMER = dt.datetime(2026, 7, 6, 16, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("America/Toronto", "HNE", "HAE"),
        ("America/Vancouver", "HNP", "HAP"),
        ("Europe/London", "GMT", "UTC+1"),
        ("Asia/Kolkata", "UTC+5:30", "UTC+5:30"),
        ("UTC", "UTC", "UTC"),
    ],
)
def test_a_french_time_names_its_zone_in_french(zone: str, winter: str, summer: str) -> None:
    assert moment(WINTER, zone, "fr").endswith(f" {winter}")
    assert moment(SUMMER, zone, "fr").endswith(f" {summer}")


def test_an_english_time_names_its_zone_or_its_distance_from_utc() -> None:
    assert moment(SUMMER, "America/Toronto") == "Mon 6 Jul 2026, 12:00 EDT"
    assert moment(SUMMER, "America/Sao_Paulo") == "Mon 6 Jul 2026, 13:00 UTC-3"


async def test_a_day_that_was_answered_stands_in_words_on_page_and_mail() -> None:
    site = ClientSite()
    since = NOW.date()
    number = (await site.open(language="fr", fields={"since": since.isoformat()})).ticket.number
    await site.app.deliver_all()
    [mail] = [m for m in site.app.vendors.mail.sent.values() if m.to[0][0] == CASEY]
    page = (await site.client.get(site.path(number))).text
    for text in (mail.text, mail.html, page):
        assert day(since, "fr") == "mer. 11 mars 2026"
        assert "mer. 11 mars 2026" in text
        assert since.isoformat() not in text
