"""Tells a person's mail from a machine's, so that machines get neither tickets nor answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from shared.mail_in.bounces import (
    action_of,
    bounced_recipients,
    is_delay_in_words,
    looks_like_bounce,
    original_message_id,
)
from shared.mail_in.model import ParsedMail


class Verdict(StrEnum):
    """What kind of sender is behind a mail; only `person` may open a ticket."""

    PERSON = "person"
    OWN_MAIL = "own_mail"
    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERY_RECEIPT = "delivery_receipt"
    READ_RECEIPT = "read_receipt"
    ABUSE_REPORT = "abuse_report"
    CALENDAR_REPLY = "calendar_reply"
    CALENDAR_REQUEST = "calendar_request"
    AUTO_REPLY = "auto_reply"
    AUTO_GENERATED = "auto_generated"
    LIST_MAIL = "list_mail"
    NO_SENDER = "no_sender"


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict, the sign that led to it, and for reports what they report on.

    `may_be_answered` is false for machines, and for a person whose mail asks that no
    automatic answer be sent.
    """

    verdict: Verdict
    reason: str
    bounced_recipients: tuple[str, ...] = ()
    original_message_id: str | None = None
    may_be_answered: bool = False


@dataclass(frozen=True, slots=True)
class Ours:
    """How our own mail is told: addresses, domains of our Message-IDs, our headers."""

    addresses: frozenset[str] = frozenset()
    message_id_domains: frozenset[str] = frozenset()
    headers: frozenset[str] = field(default_factory=lambda: frozenset({"x-docket-ticket"}))


type Rule = Callable[[ParsedMail, Ours], Classification | None]

_OUT_OF_OFFICE = re.compile(
    r"(?i)(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)|autoreply|out of (?:the )?office"
    r"|r[ée]ponse automatique|absence du bureau|absent du bureau|message d.absence|absence\s?:"
    r"|automatische antwort|abwesenheit|abwesend)"
)
_MACHINES = re.compile(r"(?:no-?reply|do-?not-?reply|ne-?pas-?repondre|noreply-.*|notifications?)")
_RESPONDER_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-reply-from")


def classify(mail: ParsedMail, ours: Ours) -> Classification:
    """The first rule that applies decides; without one a person wrote it."""
    for rule in _RULES:
        found = rule(mail, ours)
        if found:
            return found
    reason = "nothing speaks for a machine"
    return Classification(Verdict.PERSON, reason, may_be_answered=not _suppressed(mail))


def _own_mail(mail: ParsedMail, ours: Ours) -> Classification | None:
    header = next((name for name in sorted(ours.headers) if name in mail.headers), None)
    if header:
        return Classification(Verdict.OWN_MAIL, f"header {header}")
    domain = (mail.message_id or "").rpartition("@")[2].rstrip(">").lower()
    if domain and domain in ours.message_id_domains:
        return Classification(Verdict.OWN_MAIL, "our own Message-ID")
    if mail.sender and mail.sender.email in ours.addresses and mail.report is None:
        return Classification(Verdict.OWN_MAIL, "sent from our own address")
    return None


_ACTIONS = {
    "failed": Verdict.BOUNCE,
    "delayed": Verdict.DELAY,
    "delivered": Verdict.DELIVERY_RECEIPT,
    "relayed": Verdict.DELIVERY_RECEIPT,
    "expanded": Verdict.DELIVERY_RECEIPT,
}


def _delivery_report(mail: ParsedMail, _: Ours) -> Classification | None:
    if mail.report is None or mail.report.kind != "delivery-status":
        return None
    action = action_of(mail.report)
    verdict = _ACTIONS.get(action, Verdict.BOUNCE)
    return _about(mail, verdict, f"delivery status {action or 'without an action'}")


def _other_report(mail: ParsedMail, _: Ours) -> Classification | None:
    if mail.report is None:
        return None
    if mail.report.kind == "disposition-notification":
        return _about(mail, Verdict.READ_RECEIPT, "disposition notification")
    return _about(mail, Verdict.ABUSE_REPORT, "feedback report")


def _bounce_in_words(mail: ParsedMail, _: Ours) -> Classification | None:
    if not looks_like_bounce(mail):
        return None
    verdict = Verdict.DELAY if is_delay_in_words(mail) else Verdict.BOUNCE
    return _about(mail, verdict, "written by a mail server")


def _about(mail: ParsedMail, verdict: Verdict, reason: str) -> Classification:
    return Classification(verdict, reason, bounced_recipients(mail), original_message_id(mail))


def _calendar(mail: ParsedMail, _: Ours) -> Classification | None:
    if mail.calendar_method is None:
        return None
    answers = mail.calendar_method in {"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"}
    verdict = Verdict.CALENDAR_REPLY if answers else Verdict.CALENDAR_REQUEST
    return Classification(verdict, f"calendar method {mail.calendar_method or 'unknown'}")


def _automatic(mail: ParsedMail, _: Ours) -> Classification | None:
    submitted = mail.headers.get("auto-submitted", "").partition(";")[0].strip().lower()
    out_of_office = _OUT_OF_OFFICE.match(mail.subject) is not None
    if submitted.startswith("auto-replied") or (submitted not in {"", "no"} and out_of_office):
        return _reply_to_us(mail, f"Auto-Submitted: {submitted}")
    if submitted not in {"", "no"}:
        return Classification(Verdict.AUTO_GENERATED, f"Auto-Submitted: {submitted}")
    header = next((name for name in _RESPONDER_HEADERS if name in mail.headers), None)
    if header:
        return _reply_to_us(mail, f"header {header}")
    hint = _hint(mail)
    if out_of_office and hint:
        return _reply_to_us(mail, f"out-of-office subject and {hint}")
    return None


def _hint(mail: ParsedMail) -> str | None:
    """A sign that is too weak on its own: people's mail may carry each of these."""
    if _is_null_path(mail):
        return "empty Return-Path"
    if _suppressed(mail):
        return "X-Auto-Response-Suppress"
    if _precedence(mail) in {"bulk", "junk", "auto_reply", "list"}:
        return f"Precedence: {_precedence(mail)}"
    return "a machine's address" if _is_machine(mail) else None


def _reply_to_us(mail: ParsedMail, reason: str) -> Classification:
    original = next(iter((*mail.in_reply_to, *reversed(mail.references))), None)
    return Classification(Verdict.AUTO_REPLY, reason, (), original)


def _list_mail(mail: ParsedMail, ours: Ours) -> Classification | None:
    """Mail by a list, unless the list is how our own support address is delivered."""
    lists = f"{mail.headers.get('list-id', '')} {mail.headers.get('list-post', '')}".lower()
    if not lists.strip():
        return None
    if any(f"<{own.replace('@', '.')}>" in lists or own in lists for own in ours.addresses):
        return None
    return Classification(Verdict.LIST_MAIL, "List-Id or List-Post")


def _bulk(mail: ParsedMail, ours: Ours) -> Classification | None:
    precedence = _precedence(mail)
    through_our_list = "list-id" in mail.headers or "list-post" in mail.headers
    if precedence == "auto_reply":
        return _reply_to_us(mail, "Precedence: auto_reply")
    if precedence == "list" and not through_our_list:
        return Classification(Verdict.LIST_MAIL, "Precedence: list")
    if precedence in {"bulk", "junk"} and not through_our_list:
        return Classification(Verdict.AUTO_GENERATED, f"Precedence: {precedence}")
    if "x-autogenerated" in mail.headers:
        return Classification(Verdict.AUTO_GENERATED, "header x-autogenerated")
    return None


def _empty_path(mail: ParsedMail, _: Ours) -> Classification | None:
    """Only machines send with an empty envelope sender (RFC 5321, 4.5.5)."""
    if not _is_null_path(mail):
        return None
    return _reply_to_us(mail, "empty Return-Path")


def _nobody(mail: ParsedMail, _: Ours) -> Classification | None:
    return Classification(Verdict.NO_SENDER, "no usable sender") if mail.sender is None else None


def _is_null_path(mail: ParsedMail) -> bool:
    return mail.headers.get("return-path", "").strip() == "<>"


def _suppressed(mail: ParsedMail) -> str:
    value = mail.headers.get("x-auto-response-suppress", "").strip()
    return "" if value.lower() == "none" else value


def _precedence(mail: ParsedMail) -> str:
    return mail.headers.get("precedence", "").strip().lower().replace("-", "_")


def _is_machine(mail: ParsedMail) -> bool:
    local = mail.sender.email.rpartition("@")[0] if mail.sender else ""
    return _MACHINES.fullmatch(local) is not None


_RULES: tuple[Rule, ...] = (
    _own_mail,
    _delivery_report,
    _other_report,
    _bounce_in_words,
    _calendar,
    _automatic,
    _list_mail,
    _bulk,
    _empty_path,
    _nobody,
)
