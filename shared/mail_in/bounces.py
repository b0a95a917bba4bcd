"""Reads what mail servers write about mail that they could not deliver."""

import re
from collections.abc import Iterable

from shared.mail_in.headers import message_ids, normal_email
from shared.mail_in.model import ParsedMail, Report

_SERVERS = re.compile(
    r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon|microsoftexchange[0-9a-f]+)"
)
_FAILURE = re.compile(
    r"(?i)undeliver|delivery (?:status notification|has failed|failed|failure|incomplete|problem)"
    r"|returned mail|mail delivery (?:failed|failure|system|subsystem)|failure notice"
    r"|returning message to sender|could not be delivered|non remis|[ée]chec de (?:la )?remise"
    r"|unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|message delayed|delayed \d+ hours"
)
_DELAY = re.compile(
    r"(?i)\bdelay(?:ed)?\b|still being retried|will (?:continue|keep|retry|be retried)"
    r"|not yet been delivered|retard[ée]e?|verz[öo]gert"
)
# Bodies of servers that know no RFC 3464; each program has kept its words for decades.
_QMAIL = "this is the qmail-send program"
_EXIM = "this message was created automatically by mail delivery software"
_ADDRESS = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,253})>:?\s*$", re.MULTILINE)
_INDENTED = re.compile(r"^\s{1,8}([^<>\s@]{1,64}@[^<>\s@]{1,253})\s*$", re.MULTILINE)
_COPY = re.compile(
    r"(?im)^-{2,} ?(?:below this line is a copy of the message|this is a copy of (?:the|your)"
    r" message|original message|the header of the original message)"
)
_ID_LINE = re.compile(r"(?im)^[ >]*message-id:\s*(<[^<>\s]{1,500}>)")
_TEXT = 20_000


def action_of(report: Report) -> str:
    """The worst action of any recipient: failed before delayed before delivered."""
    actions = {group.get("action", "").strip().lower() for group in report.groups} - {""}
    for action in ("failed", "delayed", "relayed", "expanded", "delivered"):
        if any(each.startswith(action) for each in actions):
            return action
    return (
        "failed" if any(_is_permanent(group.get("status", "")) for group in report.groups) else ""
    )


def _is_permanent(status: str) -> bool:
    return status.strip().startswith("5")


def bounced_recipients(mail: ParsedMail) -> tuple[str, ...]:
    """Whom the report is about: the final recipients, else what header or text name."""
    groups = mail.report.groups if mail.report else ()
    named = (
        group.get("original-recipient") or group.get("final-recipient", "") for group in groups
    )
    stated = _distinct(value.partition(";")[2] or value for value in named)
    failed = _distinct(mail.headers.get("x-failed-recipients", "").split(","))
    return stated or failed or _in_text(mail)


def _in_text(mail: ParsedMail) -> tuple[str, ...]:
    head = _before_copy(mail.text)
    return _distinct(_ADDRESS.findall(head)) or _distinct(_INDENTED.findall(head))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    emails = (normal_email(value) for value in values)
    return tuple(dict.fromkeys(each for each in emails if each.strip("@").count("@") == 1))


def original_message_id(mail: ParsedMail) -> str | None:
    """The Message-ID of the mail that the report is about, as far as it says."""
    groups = mail.report.groups if mail.report else ()
    fields = (group.get("original-message-id", "") for group in groups)
    enclosed = (each.message_id for each in mail.enclosed if each.message_id)
    in_text = (found.group(1) for found in _ID_LINE.finditer(_after_copy(mail.text)))
    told = (*enclosed, *message_ids(fields), *mail.in_reply_to, *reversed(mail.references))
    return next(iter(told), None) or next(in_text, None)


def looks_like_bounce(mail: ParsedMail) -> bool:
    """A bounce in words only: a server's address with its words, or its own header."""
    if "x-failed-recipients" in mail.headers:
        return True
    local = mail.sender.email.rpartition("@")[0] if mail.sender else ""
    opening = mail.text[:_TEXT].lower()
    if _QMAIL in opening[:500] or _EXIM in opening[:500]:
        return True
    from_server = _SERVERS.fullmatch(local) is not None or mail.sender is None
    empty_path = mail.headers.get("return-path", "").strip() == "<>"
    if mail.sender is None and not empty_path:
        return False
    return from_server and _FAILURE.search(f"{mail.subject}\n{opening[:2000]}") is not None


def is_delay_in_words(mail: ParsedMail) -> bool:
    """Whether the server says that it will try again."""
    head = f"{mail.subject}\n{_before_copy(mail.text)[:2000]}"
    final = re.search(r"(?i)permanent|giving up|failed permanently|gave up", head)
    return final is None and _DELAY.search(head) is not None


def _before_copy(text: str) -> str:
    found = _COPY.search(text[:_TEXT])
    return text[: found.start()] if found else text[:_TEXT]


def _after_copy(text: str) -> str:
    found = _COPY.search(text[:_TEXT])
    return text[found.start() :][:_TEXT] if found else ""
