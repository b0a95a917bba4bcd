import pytest

from shared.mail_in.classify import Ours, Verdict, classify
from tests.mail_in.mails import mail

OURS = Ours(frozenset({"support@desk.example"}), frozenset({"desk.example"}))


@pytest.mark.parametrize(
    ("subject", "headers", "verdict"),
    [
        ("x", {}, Verdict.PERSON),
        ("x", {"Auto_Submitted": "no"}, Verdict.PERSON),
        ("x", {"Auto_Submitted": "auto-replied; owner=x"}, Verdict.AUTO_REPLY),
        ("x", {"Auto_Submitted": "auto-generated"}, Verdict.AUTO_GENERATED),
        ("Automatic reply: x", {"Auto_Submitted": "auto-generated"}, Verdict.AUTO_REPLY),
        ("x", {"Precedence": "bulk"}, Verdict.AUTO_GENERATED),
        ("x", {"Precedence": "auto_reply"}, Verdict.AUTO_REPLY),
        ("x", {"Precedence": "list"}, Verdict.LIST_MAIL),
        ("x", {"Precedence": "normal"}, Verdict.PERSON),
        ("x", {"X_Auto_Response_Suppress": "All"}, Verdict.PERSON),
        ("Absence : x", {"X_Auto_Response_Suppress": "All"}, Verdict.AUTO_REPLY),
        ("Out of office", {}, Verdict.PERSON),
        ("Re: Out of office", {"Precedence": "first-class"}, Verdict.PERSON),
        ("Abwesend", {"From": "noreply@client.example"}, Verdict.AUTO_REPLY),
        ("x", {"From": "noreply@client.example"}, Verdict.PERSON),
        ("x", {"X_Autoreply": "yes"}, Verdict.AUTO_REPLY),
        ("x", {"Return_Path": "<>"}, Verdict.AUTO_REPLY),
        ("x", {"Return_Path": "<jane.roe@client.example>"}, Verdict.PERSON),
        ("x", {"List_Id": "<users.lists.example>"}, Verdict.LIST_MAIL),
        ("x", {"List_Id": "<support.desk.example>", "Precedence": "list"}, Verdict.PERSON),
        ("x", {"List_Unsubscribe": "<mailto:u@x.example>"}, Verdict.PERSON),
        ("x", {"X_Docket_Ticket": "DOOR-1"}, Verdict.OWN_MAIL),
        ("x", {"Message_ID": "<1@DESK.example>"}, Verdict.OWN_MAIL),
        ("x", {"Message_ID": "<1@notdesk.example>"}, Verdict.PERSON),
        ("Undeliverable: x", {}, Verdict.PERSON),
        ("Undeliverable: x", {"From": "postmaster@client.example"}, Verdict.BOUNCE),
        ("Meeting room", {"From": "postmaster@client.example"}, Verdict.PERSON),
        ("x", {"X_Failed_Recipients": "a@b.example"}, Verdict.BOUNCE),
        ("Re: undeliverable goods", {"In_Reply_To": "<a@desk.example>"}, Verdict.PERSON),
        ("x", {"From": "nobody"}, Verdict.NO_SENDER),
    ],
)
def test_headers_tell_a_person_from_a_machine(
    subject: str, headers: dict[str, str], verdict: Verdict
) -> None:
    assert classify(mail(subject=subject, **headers), OURS).verdict == verdict


def test_only_a_person_who_did_not_ask_for_silence_is_answered() -> None:
    assert classify(mail(), OURS).may_be_answered
    assert not classify(mail(X_Auto_Response_Suppress="OOF"), OURS).may_be_answered
    assert classify(mail(X_Auto_Response_Suppress="None"), OURS).may_be_answered
    assert not classify(mail(Precedence="bulk"), OURS).may_be_answered


def report(*actions: str) -> str:
    groups = "\n".join(
        f"Final-Recipient: rfc822; r{at}@x.example\nAction: {action}\n"
        for at, action in enumerate(actions)
    )
    head = "--b\n\ntext\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    return f"{head}{groups}\n--b--\n"


@pytest.mark.parametrize(
    ("actions", "verdict"),
    [
        (["failed"], Verdict.BOUNCE),
        (["delayed"], Verdict.DELAY),
        (["delivered"], Verdict.DELIVERY_RECEIPT),
        (["delivered", "failed"], Verdict.BOUNCE),
        (["delayed", "delivered"], Verdict.DELAY),
        (["Failed (permanent)"], Verdict.BOUNCE),
        (["gibberish"], Verdict.BOUNCE),
    ],
)
def test_the_worst_fate_of_any_recipient_is_the_verdict(
    actions: list[str], verdict: Verdict
) -> None:
    found = mail(report(*actions), Content_Type="multipart/report; boundary=b")
    assert classify(found, OURS).verdict == verdict


def test_an_auto_reply_names_the_mail_that_it_answers() -> None:
    found = mail(Auto_Submitted="auto-replied", In_Reply_To="<d1@desk.example>")
    assert classify(found, OURS).original_message_id == "<d1@desk.example>"
