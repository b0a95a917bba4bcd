import pytest

from shared.mail_in.forward import forwarded
from shared.mail_in.match import Fetched, Match, MatchReason, candidates, decide, ticket_numbers
from tests.mail_in.mails import mail

PREFIXES = frozenset({"DOOR", "MYTC"})
STORED = Fetched(
    {"<d42@desk.example>": "DOOR-42", "<m7@desk.example>": "MYTC-7"},
    {
        "DOOR-42": frozenset({"jane.roe@client.example"}),
        "MYTC-7": frozenset({"marie@cliente.example"}),
    },
)


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("[DOOR-42] x", ("DOOR-42",)),
        ("Re: AW: door-042", ("DOOR-42",)),
        ("DOOR-1 and [MYTC-2]", ("MYTC-2", "DOOR-1")),
        ("DOOR\u201142", ("DOOR-42",)),
        ("DOOR-42, DOOR-42", ("DOOR-42",)),
        ("XDOOR-42 DOOR-42a DOOR-42-1 FLOOR-42 DOOR- 42 DOOR-0", ()),
        ("(DOOR-42)", ("DOOR-42",)),
        ("#DOOR-42:", ("DOOR-42",)),
        ("DOOR-12345678901", ()),
        ("", ()),
    ],
)
def test_ticket_numbers_are_found_in_a_subject(subject: str, numbers: tuple[str, ...]) -> None:
    assert ticket_numbers(subject, PREFIXES) == numbers


def joined(subject: str = "x", **headers: str) -> Match:
    found = mail(subject=subject, **headers)
    return decide(found, candidates(found, PREFIXES), STORED)


def test_the_nearest_reference_wins_over_the_subject() -> None:
    found = joined("[DOOR-42]", References="<d42@desk.example> <m7@desk.example>")
    assert found == Match("MYTC-7", MatchReason.REFERENCE, ("DOOR-42",))


def test_a_reference_to_an_unknown_mail_leaves_the_subject_to_decide() -> None:
    assert joined("[DOOR-42]", In_Reply_To="<x@y>") == Match("DOOR-42", MatchReason.SUBJECT)


def test_a_stranger_who_quotes_a_number_gets_a_new_ticket_linked_to_it() -> None:
    assert joined("[MYTC-7]") == Match(None, MatchReason.STRANGER, ("MYTC-7",))


def test_of_several_numbers_the_one_that_the_sender_takes_part_in_is_joined() -> None:
    assert joined("[MYTC-7] [DOOR-42]") == Match("DOOR-42", MatchReason.SUBJECT, ("MYTC-7",))


def test_a_forged_sender_does_not_join_by_number() -> None:
    found = joined("[DOOR-42]", Authentication_Results="mx; dkim=none; dmarc=fail")
    assert found == Match(None, MatchReason.FORGED, ("DOOR-42",))


def test_a_number_that_no_ticket_has_is_ignored() -> None:
    assert joined("[DOOR-4711]") == Match(None, MatchReason.NEW)


FORWARD = "\n".join(
    [
        "---------- Forwarded message ---------",
        "From: Clara Client <clara@big.example>",
        "Date: Mon, Mar 3, 2025 at 9:00 AM",
        "Subject: Blank page",
        "",
        "the page is blank",
    ]
)
CRM = {"From": "Carl <carl@crm.example>"}


@pytest.mark.parametrize(
    ("trusted", "headers", "credited"),
    [
        ({"crm.example"}, {}, True),
        ({"carl@crm.example"}, {}, True),
        ({"other.example"}, {}, False),
        ({"example"}, {}, False),
        ({"crm.example"}, {"Return_Path": "<carl@crm.example>"}, True),
        ({"crm.example"}, {"Return_Path": "<x@evil.example>"}, False),
        ({"crm.example"}, {"Authentication_Results": "mx; spf=pass; dkim=pass"}, True),
        ({"crm.example"}, {"Authentication_Results": "mx; spf=fail; dkim=pass"}, False),
        ({"crm.example"}, {"Authentication_Results": "mx; compauth=fail reason=001"}, False),
        ({"crm.example"}, {"From": '"carl@crm.example" <e@evil.example>'}, False),
    ],
)
def test_only_a_trusted_and_authentic_sender_can_credit_somebody_else(
    trusted: set[str], headers: dict[str, str], credited: bool
) -> None:
    found = mail(FORWARD, subject="Fwd: Blank page", **(CRM | headers))
    original = forwarded(found, frozenset(trusted))
    assert (original is not None) is credited
    if original:
        assert (original.writer.email, original.writer.name) == (
            "clara@big.example",
            "Clara Client",
        )


@pytest.mark.parametrize(
    "line",
    [
        "Von: Clara Client [mailto:clara@big.example]",
        "De : Clara Client <clara@big.example<mailto:clara@big.example>>",
        "*From:* 'Clara Client' <Clara@Big.example>",
    ],
)
def test_the_writer_is_read_from_every_kind_of_header_line(line: str) -> None:
    body = f"Hi\n\n{line}\nDate: Monday\nSubject: y\n\nwords"
    original = forwarded(mail(body, subject="FW: y", **CRM), frozenset({"crm.example"}))
    assert original is not None
    assert original.writer.email == "clara@big.example"
    assert original.writer.name.strip("' ") == "Clara Client"


def test_a_forwarded_mail_of_our_own_is_credited_to_nobody_else() -> None:
    body = FORWARD.replace("clara@big.example", "support@desk.example")
    found = mail(body, subject="Fwd: x", **CRM)
    assert forwarded(found, frozenset({"crm.example"}), frozenset({"support@desk.example"})) is None


def test_a_header_block_without_an_address_credits_nobody() -> None:
    body = FORWARD.replace(" <clara@big.example>", "")
    assert forwarded(mail(body, **CRM), frozenset({"crm.example"})) is None
