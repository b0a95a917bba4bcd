"""Takes a mail apart into its MIME tree, within limits, mending what senders break."""

import re
from collections.abc import Sequence
from email.errors import MessageError
from email.message import Message
from email.parser import BytesFeedParser
from email.policy import Compat32, Policy

from shared.mail_in.charset import decode
from shared.mail_in.model import Limits, UnparsableMail

# What the standard library raises on mail that is broken enough.
BROKEN = (
    MessageError,
    UnicodeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)

_HEADER = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_BOUNDARY_LINE = re.compile(rb"(?m)^--([^\s\"]{1,70})[ \t]*\r?$")
_HEADER_CHARS = 64 * 1024
_ENCODING = re.compile(r"[\w-]+")

type Part = Message


class _Policy(Compat32):
    """Header values as plain text from the start: 8-bit bytes decoded, endless ones cut.

    Compat32 on purpose: the modern policy's header grammar raises on, or takes quadratic time
    over, headers that arrive every day.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Splits name and value; the value is unfolded and holds no undecoded byte."""
        name, _, first = sourcelines[0].partition(":")
        value = "".join((first, *sourcelines[1:]))[:_HEADER_CHARS]
        if not value.isascii():
            value = decode(value.encode("ascii", "surrogateescape"))[0]
        return name, value.replace("\r", "").replace("\n", "").replace("\0", "").strip()


def parse_tree(raw: bytes, limits: Limits) -> Part:
    """The mail's tree of parts; raises UnparsableMail beyond the limits."""
    return mended(_parsed(raw, limits), limits)


def _parsed(raw: bytes, limits: Limits) -> Part:
    count = 0

    class Counted(Message):
        """Counts parts and depth while the tree grows, so that a bomb ends the parsing."""

        level = 0

        def attach(self, payload: Message) -> None:  # type: ignore[override]
            assert isinstance(payload, Counted)  # noqa: S101  the parser makes no others
            payload.level = self.level + 1
            if payload.level > limits.depth:
                raise UnparsableMail(f"parts are nested more than {limits.depth} deep")
            super().attach(payload)

    def part(policy: "Policy[Message]") -> Counted:
        nonlocal count
        count += 1
        if count > limits.parts:
            raise UnparsableMail(f"more than {limits.parts} parts")
        return Counted(policy)

    parser = BytesFeedParser(policy=_Policy(message_factory=part))
    try:
        parser.feed(raw)
        return parser.close()
    except BROKEN as error:
        raise UnparsableMail(f"the MIME structure cannot be read: {type(error).__name__}") from None


def has_header(raw: bytes) -> bool:
    """Whether the first lines look like a header at all."""
    return any(_HEADER.match(line) for line in raw[:8192].lstrip().splitlines()[:5])


def mended(tree: Part, limits: Limits) -> Part:
    """A multipart whose boundary is missing or wrong, split at the boundary that it shows."""
    if tree.is_multipart() or tree.get_content_maintype() != "multipart":
        return tree
    body = raw_payload(tree)
    found = _BOUNDARY_LINE.search(body)
    if not found:
        return tree
    boundary = found.group(1).removesuffix(b"--") or found.group(1)
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n'
    split = _parsed(head + body, limits)
    if split.is_multipart():
        # Only the children are new: the headers remain those of the part.
        tree.set_payload(split.get_payload())
    return tree


def content_type(part: Part) -> str:
    """The declared type in lower case, text/plain when there is none."""
    return part.get_content_type()


def parameter(part: Part, name: str, header: str = "content-type") -> str:
    """A header's parameter, decoded (RFC 2231), or an empty string."""
    try:
        value = part.get_param(name, "", header)
    except BROKEN:
        return ""
    if isinstance(value, tuple):
        charset, _, text = value
        return decode(text.encode("latin-1", "replace"), charset or None)[0]
    return str(value)


def disposition(part: Part) -> str:
    """`attachment`, `inline` or an empty string."""
    return text_of_header(part, "content-disposition").partition(";")[0].strip().lower()


def text_of_header(part: Part, name: str) -> str:
    """A header's first value as it stands, or an empty string."""
    return str(part.get(name, ""))


def children(part: Part) -> Sequence[Part]:
    """The parts directly below."""
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if _is_list(payload) else []


def _is_list(payload: object) -> bool:
    return isinstance(payload, list)


def raw_payload(part: Part) -> bytes:
    """A leaf's bytes after its transfer encoding; broken encodings give what they can."""
    kept = {name: part.get(name) for name in ("content-type", "content-transfer-encoding")}
    encoding = _ENCODING.match(text_of_header(part, "content-transfer-encoding").strip())
    for name in kept:
        # The charset is decoded later, with repair; here it could only raise.
        del part[name]
    if encoding:
        part["content-transfer-encoding"] = encoding.group().lower()
    try:
        payload = part.get_payload(decode=True)
    except BROKEN:
        payload = part.get_payload()
    del part["content-transfer-encoding"]
    for name, value in kept.items():
        if value is not None:
            part[name] = value
    if isinstance(payload, str):
        return payload.encode("utf-8", "surrogateescape")
    return payload if isinstance(payload, bytes) else b""


def flattened(part: Part) -> bytes:
    """A part as bytes again, for those that are kept as a file."""
    try:
        return part.as_bytes()
    except BROKEN:
        head = "".join(f"{name}: {value}\n" for name, value in part.items())
        return head.encode("utf-8", "surrogateescape") + b"\n" + raw_payload(part)
