"""Mail through Azure Communication Services."""

import pytest

from shared.adapters.acs_mail import AcsMailer
from shared.adapters.marks import uuid_of
from shared.domain.errors import Rejected, Unavailable
from shared.ports import File
from tests.adapters.conftest import ACS_SENDER
from tests.adapters.control import Control
from tests.adapters.samples import SUPPORT, mail


async def test_a_mail_leaves_under_our_own_message_id_and_thread(
    tenant: Control, acs: AcsMailer, fresh: str
) -> None:
    message_id = await acs.send(mail(fresh), fresh, again=False)
    (sent,) = tenant.sent(f"{fresh}@client.example")
    assert sent["via"] == "acs"
    assert sent["message_id"] == message_id == f"<{fresh}@docket.contoso.com>"
    assert sent["headers"]["In-Reply-To"] == f"<first-{fresh}@client.example>"
    assert sent["headers"]["Auto-Submitted"] == "auto-generated"
    (call,) = tenant.calls("acs", fresh)
    assert call["request_headers"]["operation-id"] == uuid_of(fresh)
    assert call["request_body"]["headers"]["x-ms-acsemail-validate-message-id"] == "true"


async def test_a_mail_leaves_from_the_verified_domain_and_its_answers_go_to_the_desk(
    tenant: Control, acs: AcsMailer, fresh: str
) -> None:
    await acs.send(mail(fresh, sender=SUPPORT), fresh, again=False)
    (call,) = tenant.calls("acs", fresh)
    assert call["request_body"]["senderAddress"] == ACS_SENDER
    assert call["request_body"]["replyTo"] == [{"address": SUPPORT}]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 504, "after_effect": True},
        {"drop": True, "after_effect": True},
        {"status": 503},
        {"drop": True},
    ],
)
async def test_whatever_is_lost_on_the_way_one_mail_leaves(
    tenant: Control, acs: AcsMailer, fresh: str, fault: dict[str, object]
) -> None:
    tenant.fault("acs", method="POST", path="/emails:send", **fault)
    with pytest.raises(Unavailable):
        await acs.send(mail(fresh), fresh, again=False)
    await acs.send(mail(fresh), fresh, again=True)
    assert len(tenant.sent(f"{fresh}@client.example")) == 1


async def test_a_message_id_that_was_seen_means_done_on_a_second_attempt(
    tenant: Control, acs: AcsMailer, fresh: str
) -> None:
    await acs.send(mail(fresh), f"{fresh}-before", again=False)
    await acs.send(mail(fresh), fresh, again=True)  # its operation is unknown, its id is not
    assert len(tenant.sent(f"{fresh}@client.example")) == 1


async def test_a_message_id_that_was_seen_is_an_error_on_a_first_attempt(
    acs: AcsMailer, fresh: str
) -> None:
    await acs.send(mail(fresh), f"{fresh}-before", again=False)
    with pytest.raises(Rejected, match="400"):
        await acs.send(mail(fresh), fresh, again=False)


async def test_throttling_tells_how_long_to_wait_and_is_not_retried_here(
    tenant: Control, acs: AcsMailer, fresh: str
) -> None:
    tenant.fault("acs", method="POST", path="/emails:send", status=429, retry_after=60)
    with pytest.raises(Unavailable) as caught:
        await acs.send(mail(fresh), fresh, again=False)
    assert caught.value.retry_after == 60
    assert len(tenant.calls("acs", fresh)) == 1


async def test_a_second_attempt_waits_when_the_operation_cannot_be_read(
    tenant: Control, acs: AcsMailer, fresh: str
) -> None:
    tenant.fault("acs", method="GET", path="/emails/operations/*", status=429, retry_after=9)
    with pytest.raises(Unavailable) as caught:
        await acs.send(mail(fresh), fresh, again=True)
    assert caught.value.retry_after == 9
    assert tenant.sent(f"{fresh}@client.example") == []


async def test_attachments_travel_along(tenant: Control, acs: AcsMailer, fresh: str) -> None:
    files = (File("report.txt", "text/plain", b"hello"),)
    await acs.send(mail(fresh, files=files), fresh, again=False)
    (call,) = tenant.calls("acs", fresh)
    assert call["status"] == 202
    assert call["request_body"]["attachments"][0]["contentInBase64"] == "aGVsbG8="


async def test_more_than_the_service_takes_is_rejected_before_any_call(
    tenant: Control, acs: AcsMailer, fresh: str
) -> None:
    files = (File("a.bin", "application/octet-stream", bytes(7_000_001)),)
    with pytest.raises(Rejected, match="7 MB"):
        await acs.send(mail(fresh, files=files), fresh, again=False)
    assert tenant.calls("acs", fresh) == []
