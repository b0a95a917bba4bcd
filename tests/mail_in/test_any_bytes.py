"""Whatever arrives, a mail is parsed into clean values or refused with a reason."""

import random
import unicodedata
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mail_in.classify import Ours, classify
from shared.mail_in.forward import forwarded
from shared.mail_in.match import Fetched, candidates, decide
from shared.mail_in.model import ParsedMail, UnparsableMail
from shared.mail_in.parse import parse_mail
from tests.mail_in.mails import CORPUS

FILES = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
SPLICES = [
    *(b"\0", b"\r\n", b"\n\n", b"--b0undary\r\n", b"=?utf-8?B?", b"?=", b"<", b">", b"(", b'"'),
    *(b"Content-Type: multipart/alternative; boundary=x\n\n", b"charset=", b"\xff\xfe", b"=", b";"),
    *(b"Content-Type: message/rfc822\n\n", b"base64", b"filename*0*=", b"\xed\xa0\x80", b"%"),
]
OURS = Ours(frozenset({"support@desk.example"}), frozenset({"desk.example"}))
NUMBERS = Fetched({}, {"DOOR-42": frozenset({"jane.roe@client.example"})})


def judged(raw: bytes) -> ParsedMail | None:
    try:
        mail = parse_mail(raw)
    except UnparsableMail:
        return None
    classify(mail, OURS)
    decide(mail, candidates(mail, frozenset({"DOOR"})), NUMBERS)
    forwarded(mail, frozenset({"client.example", "crm.example"}))
    return mail


def single_lines(mail: ParsedMail) -> Iterator[str]:
    yield from (mail.message_id or "", mail.subject, *mail.in_reply_to, *mail.references)
    yield from (*mail.headers.values(), *mail.headers, *mail.defects)
    people = (*mail.reply_to, *mail.to, *mail.cc, *((mail.sender,) if mail.sender else ()))
    yield from (value for each in people for value in (each.email, each.name))
    for each in mail.attachments:
        yield from (each.name, each.content_type, each.declared_type, each.inline_id or "")
    for inner in mail.enclosed:
        yield from (inner.subject, inner.message_id or "")


def assert_clean(mail: ParsedMail) -> None:
    for line in single_lines(mail):
        line.encode()
        assert not any(unicodedata.category(sign) == "Cc" for sign in line), line
        assert not any("\u202a" <= sign <= "\u202e" for sign in line), line
    names = [each.name for each in mail.attachments]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < len(name) <= 120 and not set(name) & set('/\\:"<>|?*') for name in names)
    assert bool(mail.new_text.strip()) == bool(mail.text.strip())
    (mail.text + mail.new_text + (mail.html or "")).encode()
    assert "<script" not in (mail.html or "").lower()
    assert mail.date is None or mail.date.utcoffset() is not None


@given(st.binary(max_size=2000))
def test_random_bytes_never_raise_anything_else(raw: bytes) -> None:
    mail = judged(raw)
    if mail:
        assert_clean(mail)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=600))
def test_random_header_values_come_out_clean(sender: str, subject: str, body: str) -> None:
    head = f"From: {sender}\nSubject: {subject}\nTo: {subject}\nMessage-ID: {sender}\n"
    mail = judged((head + f"In-Reply-To: {body[:50]}\n\n{body}").encode("utf-8", "surrogatepass"))
    if mail:
        assert_clean(mail)


@settings(max_examples=250)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_a_damaged_mail_of_the_corpus_never_raises_anything_else(raw: bytes, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  damage, not secrets
    data = bytearray(raw)
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0:
                del data[at : at + dice.randrange(40)]
            case 1:
                data[at:at] = dice.choice(SPLICES)
            case 2:
                data[at : at + 1] = dice.randbytes(1)
            case _:
                other = dice.choice(FILES)
                start = dice.randrange(len(other) + 1)
                data[at:at] = other[start : start + dice.randrange(400)]
    mail = judged(bytes(data))
    if mail:
        assert_clean(mail)


def test_every_mail_of_the_corpus_comes_out_clean() -> None:
    for raw in FILES:
        mail = judged(raw)
        if mail:
            assert_clean(mail)


def test_every_corpus_mail_survives_being_cut_off_anywhere() -> None:
    for raw in FILES:
        for share in (3, 5, 7, 9):
            judged(raw[: len(raw) * share // 10])
