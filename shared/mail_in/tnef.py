"""Reads winmail.dat (MS-OXTNEF): Outlook's private wrapping of body and attachments."""

# The layout is published at https://learn.microsoft.com/openspecs/exchange_server_protocols/
# ms-oxtnef. Own code, because the counts in such a file come from outside: the library for it
# loops as often as they say, four thousand million times if asked to.

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.mail_in.charset import decode

_SIGNATURE = 0x223E9F78
_BODY, _TITLE, _DATA, _PROPERTIES = 0x800C, 0x8010, 0x800F, 0x9003
_NEW_ATTACHMENT, _ATTACHMENT, _CODEPAGE = 0x9002, 0x9005, 0x9007
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0xD, 0x1E, 0x1F, 0x102})
_TEXT_BODY, _HTML_BODY, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x3FDE
_LONG_NAME, _SHORT_NAME, _CONTENT, _CONTENT_ID, _MIME = 0x3707, 0x3704, 0x3701, 0x3712, 0x370E
_OBJECTS = 5000


class NotTnef(ValueError):
    """These bytes are no TNEF stream, or a damaged one."""


@dataclass(slots=True)
class TnefFile:
    """One attachment within."""

    title: bytes = b""
    names: dict[int, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def name(self) -> str:
        """The long name, else the DOS one, else the title."""
        short = self.names.get(_SHORT_NAME) or decode(self.title.rstrip(b"\0"))[0]
        return self.names.get(_LONG_NAME) or short

    @property
    def content_id(self) -> str:
        """The id by which an HTML body shows it, or an empty string."""
        return self.names.get(_CONTENT_ID, "")

    @property
    def mime_type(self) -> str:
        """The declared type, or an empty string."""
        return self.names.get(_MIME, "")


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds that a reader wants."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)


def read_tnef(data: bytes) -> Tnef:
    """Body and attachments; raises NotTnef when the stream is damaged."""
    found, codepage = Tnef(), "cp1252"
    try:
        if struct.unpack_from("<I", data)[0] != _SIGNATURE:
            raise NotTnef("no TNEF signature")
        for name, value in _objects(data):
            if name == _CODEPAGE:
                codepage = f"cp{struct.unpack_from('<I', value)[0]}"
            else:
                _take(found, name, value, codepage)
    except (struct.error, OverflowError) as error:
        raise NotTnef(str(error)) from error
    return found


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    position, count = 6, 0
    while position + 11 <= len(data) and count < _OBJECTS:
        _, name, _, length = struct.unpack_from("<BHHI", data, position)
        start = position + 9
        if start + length > len(data):
            raise NotTnef("an attribute runs beyond the end")
        yield name, data[start : start + length]
        position, count = start + length + 2, count + 1


def _take(found: Tnef, name: int, value: bytes, codepage: str) -> None:
    if name == _NEW_ATTACHMENT:
        found.files.append(TnefFile())
    elif name == _BODY:
        found.text = found.text or decode(value.rstrip(b"\0"), codepage)[0]
    elif name == _PROPERTIES:
        _take_bodies(found, dict(_properties(value)), codepage)
    elif not found.files:
        return
    elif name == _TITLE:
        found.files[-1].title = value
    elif name == _DATA:
        found.files[-1].content = value
    elif name == _ATTACHMENT:
        _take_file(found.files[-1], dict(_properties(value)), codepage)


def _take_bodies(found: Tnef, values: dict[int, tuple[int, bytes]], codepage: str) -> None:
    if _INTERNET_CODEPAGE in values:
        number = struct.unpack_from("<I", values[_INTERNET_CODEPAGE][1])[0]
        internet = {65001: "utf-8", 20127: "ascii", 28591: "iso-8859-1"}.get(number, f"cp{number}")
    else:
        internet = codepage
    if _TEXT_BODY in values:
        found.text = _text(values[_TEXT_BODY], codepage) or found.text
    if _HTML_BODY in values:
        found.html = decode(values[_HTML_BODY][1].rstrip(b"\0"), internet)[0]


def _take_file(file: TnefFile, values: dict[int, tuple[int, bytes]], codepage: str) -> None:
    for name in (_LONG_NAME, _SHORT_NAME, _CONTENT_ID, _MIME):
        if name in values:
            file.names[name] = _text(values[name], codepage)
    if _CONTENT in values and not file.content:
        file.content = values[_CONTENT][1]


def _text(value: tuple[int, bytes], codepage: str) -> str:
    kind, data = value
    return decode(data, "utf-16-le" if kind == 0x1F else codepage)[0].rstrip("\0")


def _properties(block: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """(id, (type, first value)) of each property; every step moves on in the block."""
    count, position = struct.unpack_from("<I", block)[0], 4
    while count > 0 and position + 4 <= len(block):
        kind, name = struct.unpack_from("<HH", block, position)
        position = _past_name(block, position + 4) if name >= 0x8000 else position + 4
        value, position = _value(block, position, kind)
        yield name, (kind & 0xEFFF, value)
        count -= 1


def _past_name(block: bytes, position: int) -> int:
    kind, length = struct.unpack_from("<II", block, position + 16)
    return position + 24 + (_padded(length) if kind else 0)


def _value(block: bytes, position: int, kind: int) -> tuple[bytes, int]:
    many, kind = bool(kind & 0x1000), kind & 0xEFFF
    count = 1
    if many or kind in _VARIABLE:
        count = struct.unpack_from("<I", block, position)[0]
        position += 4
    if kind in _FIXED:
        size = _FIXED[kind]
        return block[position : position + size], position + size * count
    if kind not in _VARIABLE:
        raise NotTnef(f"unknown property type {kind:#x}")
    value = b""
    while count > 0 and position + 4 <= len(block):
        length = struct.unpack_from("<I", block, position)[0]
        value = value or block[position + 4 : position + 4 + length]
        position += 4 + _padded(length)
        count -= 1
    return value, position


def _padded(length: int) -> int:
    return length + -length % 4
