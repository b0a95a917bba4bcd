from datetime import UTC, datetime

import pytest

from shared.mail_in.model import Limits, UnparsableMail
from shared.mail_in.parse import parse_mail
from tests.mail_in.mails import corpus, mail, raw_mail


def test_all_fields_of_an_ordinary_mail_are_read() -> None:
    found = mail(
        "Hi\n",
        Cc="Paul <PAUL@client.example>, paul@Client.Example",
        Reply_To="team@client.example",
        Date="Tue, 4 Mar 2025 10:12:00 +0100",
        References="<a@x> <b@x>",
        In_Reply_To="<b@x>",
    )
    assert found.message_id == "<m1@client.example>"
    assert [each.email for each in found.cc] == ["paul@client.example"]
    assert [each.email for each in found.reply_to] == ["team@client.example"]
    assert [each.email for each in found.to] == ["support@desk.example"]
    assert found.date == datetime(2025, 3, 4, 9, 12, tzinfo=UTC)
    assert found.references == ("<a@x>", "<b@x>")
    assert found.in_reply_to == ("<b@x>",)
    assert found.defects == ()


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\0\0 \n"])
def test_an_empty_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(UnparsableMail, match="empty"):
        parse_mail(raw)


def test_a_mail_beyond_the_size_limit_is_refused_unread() -> None:
    with pytest.raises(UnparsableMail, match="larger than 50 bytes"):
        parse_mail(raw_mail("x" * 100), Limits(raw_bytes=50))


def test_a_mail_with_too_many_parts_is_refused() -> None:
    body = "--b\n\nx\n" * 30
    raw = raw_mail(body, Content_Type="multipart/mixed; boundary=b")
    with pytest.raises(UnparsableMail, match="more than 20 parts"):
        parse_mail(raw, Limits(parts=20))


def test_text_beyond_its_limit_is_cut_and_noted() -> None:
    found = parse_mail(raw_mail("x" * 100), Limits(text_chars=40))
    assert len(found.text) == 40
    assert "text cut" in found.defects


def test_five_megabytes_of_text_are_read_whole() -> None:
    body = "On 3 March the server wrote: nothing of use\n" * 120_000
    found = mail(body)
    assert len(found.new_text) > 5_000_000


def test_a_header_section_of_many_megabytes_does_not_hide_the_body() -> None:
    raw = b"X-Noise: 1\r\n" * 200_000
    found = parse_mail(raw_mail("Words\n").replace(b"\r\n\r\n", b"\r\n" + raw + b"\r\n", 1))
    assert found.text == "Words"
    assert "headers cut" in found.defects


def test_the_key_is_the_message_id_when_there_is_one() -> None:
    assert mail().key == "<m1@client.example>"


def test_without_a_message_id_a_redelivery_has_the_same_key_and_another_mail_has_not() -> None:
    raw = corpus("no_message_id")
    again = b"Received: from relay.example\r\n" + raw
    assert parse_mail(raw).key == parse_mail(again).key
    assert parse_mail(raw).key != parse_mail(raw.replace(b"No id", b"Other")).key


def test_of_a_repeated_header_the_topmost_counts() -> None:
    raw = b"Authentication-Results: ours; dmarc=fail\r\n" + raw_mail(
        Authentication_Results="forged; dmarc=pass"
    )
    assert parse_mail(raw).headers["authentication-results"] == "ours; dmarc=fail"


def test_our_own_headers_are_always_kept() -> None:
    assert mail(X_Docket_Outbox="7").headers == {"x-docket-outbox": "7"}


def test_an_attached_mail_lends_its_words_to_a_mail_without_any() -> None:
    found = parse_mail(corpus("forward_as_attachment"))
    assert "blank page" in found.text
    assert found.enclosed[0].message_id == "<cl1@bigclient.example>"


def test_a_base64_encoded_attached_mail_is_opened() -> None:
    raw = raw_mail(
        "RnJvbTogQSA8YUB4LmV4YW1wbGU+ClN1YmplY3Q6IElubmVyCgpXb3Jkcwo=\r\n",
        Content_Type="message/rfc822",
        Content_Transfer_Encoding="base64",
    )
    found = parse_mail(raw)
    assert found.enclosed[0].subject == "Inner"
    assert found.text == "Words"
