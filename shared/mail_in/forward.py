"""Credits a forwarded request to the client who wrote it, if an internal person forwards it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.mail_in.authentication import failed_authentication
from shared.mail_in.cleaning import one_line
from shared.mail_in.headers import addresses, normal_email
from shared.mail_in.model import Address, ParsedMail
from shared.mail_in.quoting import SEARCHED_LINES, header_block, is_forward_mark, with_rule
from shared.mail_in.trim import is_forward, is_forwarded_subject

_ADDRESS = re.compile(r"[^\s<>\[\]()\",;:'@]{1,64}@[^\s<>\[\]()\",;:'@]{1,253}")
_NEAR = 6  # lines between a program's forward line and the header that it copies


@dataclass(frozen=True)
class Forwarded:
    """A mail handed on, and what those who did it wrote above. `text` begins with its header."""

    writer: Address
    subject: str
    text: str
    comment: str


def forwarded(
    mail: ParsedMail,
    trusted: frozenset[str],
    own_addresses: frozenset[str] = frozenset(),
) -> Forwarded | None:
    """The mail that `mail` hands on; None when nobody trusted hands anything on.

    `trusted` holds lower-case domains and addresses. Both the From address and, if present,
    the envelope sender must be among them, and no authentication check may have failed. Of what
    one trusted person got from another by a forward, too, the first writer is credited; and what
    a form on our own website sends is handed on for whom it names under Reply-To.
    """
    if not _is_trusted(mail, trusted):
        return None
    found = _in_text(mail, trusted) or _attached(mail) or _sent_for(mail, trusted)
    if found is None or found.writer == mail.sender or found.writer.email in own_addresses:
        return None
    return found


def _is_trusted(mail: ParsedMail, trusted: frozenset[str]) -> bool:
    if mail.sender is None or failed_authentication(mail):
        return False
    envelope = normal_email(mail.headers.get("return-path", ""))
    senders = [mail.sender.email, *([envelope] if "@" in envelope.strip("@") else [])]
    return all(_is_among(each, trusted) for each in senders)


def _is_among(email: str, trusted: frozenset[str]) -> bool:
    return email in trusted or email.rpartition("@")[2] in trusted


def _in_text(mail: ParsedMail, trusted: frozenset[str]) -> Forwarded | None:
    """What lies below the topmost forwarded header in the body."""
    if not is_forward(mail.subject, mail.text):
        return None
    text = mail.text.split("\n")
    lines = text[:SEARCHED_LINES]
    start = next((at for at, line in enumerate(lines) if is_forward_mark(line)), None)
    at = _next_block(lines, 0) if start is None else _next_block(lines[: start + _NEAR], start)
    while at is not None and _hands_on(lines, at, trusted):
        deeper = _next_block(lines, at + 1)
        if deeper is None:
            break
        at = deeper
    block = header_block(lines, at) if at is not None else None
    writer = _person(block["from"]) if block else None
    if at is None or block is None or writer is None:
        return None
    cut = _beginning(lines, at)
    below, above = "\n".join(text[cut:]).strip(), "\n".join(text[:cut]).strip()
    return Forwarded(writer, one_line(block.get("subject", ""), 500), below, above)


def _next_block(lines: Sequence[str], start: int) -> int | None:
    found = (at for at in range(start, len(lines)) if lines[at] and header_block(lines, at))
    return next(found, None)


def _hands_on(lines: Sequence[str], at: int, trusted: frozenset[str]) -> bool:
    """Whether the mail of that header is itself a forward by somebody trusted."""
    block = header_block(lines, at) or {}
    writer = _person(block["from"])
    return (
        writer is not None
        and _is_among(writer.email, trusted)
        and is_forwarded_subject(block.get("subject", ""))
    )


def _beginning(lines: Sequence[str], at: int) -> int:
    """Where the forwarded part begins: at the program's line above the header, if there is one."""
    above = range(at - 1, max(at - _NEAR, 0) - 1, -1)
    mark = next((each for each in above if is_forward_mark(lines[each])), None)
    return with_rule(lines, at) if mark is None else mark


def _person(line: str) -> Address | None:
    """Name and address from a copied From line, with Outlook's [mailto:...] and doublings."""
    found = _ADDRESS.search(line)
    if not found:
        return None
    name = line[: found.start()].replace("mailto:", "").strip(" <[(\"'")
    made = addresses([f"<{found.group()}>"])
    return Address(made[0].email, one_line(name, 200)) if made else None


def _sent_for(mail: ParsedMail, trusted: frozenset[str]) -> Forwarded | None:
    others = [each for each in mail.reply_to if not _is_among(each.email, trusted)]
    if len(others) != 1 or len(mail.reply_to) != 1 or mail.in_reply_to:
        return None
    return Forwarded(others[0], mail.subject, mail.new_text, "")


def _attached(mail: ParsedMail) -> Forwarded | None:
    inner = mail.enclosed[0] if len(mail.enclosed) == 1 and not mail.report else None
    if inner is None or inner.sender is None:
        return None
    comment = "" if mail.text == inner.text else mail.new_text
    return Forwarded(inner.sender, inner.subject, inner.text.strip(), comment.strip())
