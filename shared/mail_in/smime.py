"""Takes the content out of an opaque S/MIME signature (RFC 8551, application/pkcs7-mime)."""

# Nothing is verified: the mail is as trustworthy as an unsigned one.

from collections.abc import Iterator
from itertools import islice

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_OID, _OCTETS, _SEQUENCE = 0x06, 0x04, 0x30
_DEPTH = 16

type Element = tuple[int, int, int, int]  # tag, start and end of the content, next element


def signed_content(der: bytes) -> bytes | None:
    """The MIME entity that was signed, or None when it is encrypted or damaged."""
    try:
        outer = _only(der, 0, len(der), _SEQUENCE)
        kind, wrapped = _pair(der, outer)
        if der[kind[1] : kind[2]] != _SIGNED_DATA:
            return None
        signed = _only(der, wrapped[1], wrapped[2], _SEQUENCE)
        # version, digest algorithms, then the content
        inner = list(islice(_elements(der, signed[1], signed[2], 0), 3))[2]
        kind, content = _pair(der, inner)
        if der[kind[1] : kind[2]] != _DATA:
            return None
        return b"".join(_octets(der, content[1], content[2], 0)) or None
    except (IndexError, ValueError):
        return None


def _only(der: bytes, start: int, end: int, tag: int) -> Element:
    element = next(_elements(der, start, end, 0), None)
    if element is None or element[0] != tag:
        raise ValueError("another element was expected")
    return element


def _pair(der: bytes, within: Element) -> tuple[Element, Element]:
    elements = list(islice(_elements(der, within[1], within[2], 0), 2))
    if elements[0][0] != _OID:
        raise ValueError("an object identifier was expected")
    return elements[0], elements[1]


def _elements(der: bytes, start: int, end: int, depth: int) -> Iterator[Element]:
    while start < end and der[start : start + 2] != b"\0\0":
        element = _element(der, start, end, depth)
        yield element
        start = element[3]


def _element(der: bytes, start: int, end: int, depth: int) -> Element:
    if depth > _DEPTH:
        raise ValueError("nested too deep")
    tag, first = der[start], der[start + 1]
    if first == 0x80:  # indefinite: ends where its children end, with two zero bytes
        close = start + 2
        for child in _elements(der, start + 2, end, depth + 1):
            close = child[3]
        return tag, start + 2, close, close + 2
    size = first & 0x7F if first & 0x80 else 0
    if size > 4:
        raise ValueError("too long")
    length = int.from_bytes(der[start + 2 : start + 2 + size]) if size else first
    content = start + 2 + size
    if content + length > end:
        raise ValueError("cut off")
    return tag, content, content + length, content + length


def _octets(der: bytes, start: int, end: int, depth: int) -> Iterator[bytes]:
    """An octet string's bytes, whether in one piece or in many."""
    for tag, first, last, _ in _elements(der, start, end, depth):
        if tag == _OCTETS:
            yield der[first:last]
        elif tag == _OCTETS | 0x20:
            yield from _octets(der, first, last, depth + 1)
