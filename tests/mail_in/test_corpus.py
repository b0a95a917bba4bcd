"""Every awkward mail of the corpus becomes what corpus.yaml says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.mail_in.classify import Classification, Ours, classify
from shared.mail_in.forward import forwarded
from shared.mail_in.match import Fetched, Match, candidates, decide
from shared.mail_in.model import ParsedMail, UnparsableMail
from shared.mail_in.parse import parse_mail

HERE = Path(__file__).parent
FILES = sorted((HERE / "corpus").glob("*.eml"))
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "corpus.yaml").read_text("utf-8"))

OURS = Ours(
    addresses=frozenset({"support@desk.example"}),
    message_id_domains=frozenset({"desk.example"}),
)
PREFIXES = frozenset({"DOOR", "MYTC"})
TRUSTED = frozenset({"crm.example", "crm@partner.example"})
STORED = Fetched(
    by_message_id={
        "<first-42@client.example>": "DOOR-42",
        "<door-42.1@desk.example>": "DOOR-42",
    },
    participants={
        "DOOR-42": frozenset({"jane.roe@client.example", "paul@client.example"}),
        "MYTC-7": frozenset({"marie@cliente.example"}),
    },
)
UNPARSABLE = {name for name, expected in EXPECTED.items() if expected["verdict"] == "unparsable"}
READABLE = [path for path in FILES if path.stem not in UNPARSABLE]


def outcome(path: Path) -> tuple[dict[str, Any], ParsedMail]:
    return EXPECTED[path.stem], parse_mail(path.read_bytes())


def test_every_file_has_an_expected_outcome_and_the_other_way_round() -> None:
    assert {path.stem for path in FILES} == EXPECTED.keys()
    assert len(FILES) >= 64


@pytest.mark.parametrize("name", sorted(UNPARSABLE))
def test_a_mail_without_anything_usable_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(UnparsableMail) as refused:
        parse_mail((HERE / "corpus" / f"{name}.eml").read_bytes())
    assert EXPECTED[name]["reason"] in refused.value.reason


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_sender_and_subject_are_read(path: Path) -> None:
    expected, mail = outcome(path)
    assert (mail.sender.email if mail.sender else None) == expected["sender"]
    if "sender_name" in expected:
        assert mail.sender is not None
        assert mail.sender.name == expected["sender_name"]
    assert mail.subject == expected.get("subject", mail.subject)
    assert expected.get("subject_has", "") in mail.subject


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_the_new_text_holds_what_was_said_and_nothing_older(path: Path) -> None:
    expected, mail = outcome(path)
    assert [part for part in expected.get("has", ()) if part not in mail.new_text] == []
    assert [part for part in expected.get("hasnt", ()) if part in mail.new_text] == []
    assert mail.text == expected.get("text", mail.text)
    assert bool(mail.new_text) == bool(mail.text)
    assert mail.language == expected.get("language", mail.language)


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_attachments_and_markup_are_safe_and_complete(path: Path) -> None:
    expected, mail = outcome(path)
    names = [each.name for each in mail.attachments]
    active = [each.name for each in mail.attachments if each.active]
    small = [each.name for each in mail.attachments if each.decoration]
    assert names == expected.get("attachments", names)
    assert active == expected.get("active", active)
    assert small == expected.get("decorations", small)
    assert [part for part in expected.get("html_has", ()) if part not in (mail.html or "")] == []
    assert [part for part in expected.get("html_hasnt", ()) if part in (mail.html or "")] == []


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_repairs_are_noted(path: Path) -> None:
    expected, mail = outcome(path)
    if "defect" in expected:
        assert any(expected["defect"] in each for each in mail.defects), mail.defects


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_people_are_told_from_machines(path: Path) -> None:
    expected, mail = outcome(path)
    found: Classification = classify(mail, OURS)
    assert found.verdict == expected["verdict"], found
    assert found.may_be_answered == expected.get("answered", found.may_be_answered)
    assert list(found.bounced_recipients) == expected.get("bounced", list(found.bounced_recipients))
    assert found.original_message_id == expected.get("original", found.original_message_id)


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_a_mail_finds_its_ticket(path: Path) -> None:
    expected, mail = outcome(path)
    found: Match = decide(mail, candidates(mail, PREFIXES), STORED)
    if "match" in expected:
        assert found.number == expected["match"]
        assert found.reason == expected.get("reason", found.reason)
        assert list(found.quoted) == expected.get("quoted", list(found.quoted))


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_a_forwarded_request_is_credited_to_its_writer(path: Path) -> None:
    expected, mail = outcome(path)
    original = forwarded(mail, TRUSTED)
    assert (original.writer.email if original else None) == expected.get("forwarded")
