"""Credits a forwarded request to the client who wrote it, if an internal person forwards it."""

import re

from shared.mail_in.authentication import failed_authentication
from shared.mail_in.cleaning import one_line
from shared.mail_in.headers import addresses, normal_email
from shared.mail_in.model import Address, ParsedMail
from shared.mail_in.quoting import SEARCHED_LINES, header_block, is_forward_mark
from shared.mail_in.trim import is_forward

_ADDRESS = re.compile(r"[^\s<>\[\]()\",;:'@]{1,64}@[^\s<>\[\]()\",;:'@]{1,253}")
_NEAR = 6  # lines between a program's forward line and the header that it copies


def forwarded_original(
    mail: ParsedMail,
    trusted: frozenset[str],
    own_addresses: frozenset[str] = frozenset(),
) -> Address | None:
    """Who wrote the mail that `mail` hands on; None when nobody trusted hands anything on.

    `trusted` holds lower-case domains and addresses. Both the From address and, if present,
    the envelope sender must be among them, and no authentication check may have failed.
    """
    if not _is_trusted(mail, trusted):
        return None
    original = _in_text(mail) or _attached(mail)
    if original is None or original == mail.sender or original.email in own_addresses:
        return None
    return original


def _is_trusted(mail: ParsedMail, trusted: frozenset[str]) -> bool:
    if mail.sender is None or failed_authentication(mail):
        return False
    envelope = normal_email(mail.headers.get("return-path", ""))
    senders = [mail.sender.email, *([envelope] if "@" in envelope.strip("@") else [])]
    return all(each in trusted or each.rpartition("@")[2] in trusted for each in senders)


def _in_text(mail: ParsedMail) -> Address | None:
    """The From line of the topmost forwarded header in the body."""
    if not is_forward(mail.subject, mail.text):
        return None
    lines = mail.text.split("\n", SEARCHED_LINES)[:SEARCHED_LINES]
    start = next((at for at, line in enumerate(lines) if is_forward_mark(line)), None)
    reach = range(len(lines)) if start is None else range(start, min(start + _NEAR, len(lines)))
    for at in reach:
        block = header_block(lines, at) if lines[at] else None
        if block:
            return _person(block["from"])
    return None


def _person(line: str) -> Address | None:
    """Name and address from a copied From line, with Outlook's [mailto:...] and doublings."""
    found = _ADDRESS.search(line)
    if not found:
        return None
    name = line[: found.start()].replace("mailto:", "").strip(" <[(\"'")
    made = addresses([f"<{found.group()}>"])
    return Address(made[0].email, one_line(name, 200)) if made else None


def _attached(mail: ParsedMail) -> Address | None:
    return mail.enclosed[0].sender if len(mail.enclosed) == 1 and not mail.report else None
