"""Raw mails for the tests of one matter each."""

from pathlib import Path

from shared.mail_in.model import ParsedMail
from shared.mail_in.parse import parse_mail

CORPUS = Path(__file__).parent / "corpus"


def raw_mail(body: str = "Hello\n", *, subject: str = "Report", **headers: str) -> bytes:
    """A plain mail; header names are written with underscores."""
    fields = {
        "From": "Jane Roe <jane.roe@client.example>",
        "To": "support@desk.example",
        "Subject": subject,
        "Message-ID": "<m1@client.example>",
        "Content-Type": "text/plain; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{body}".encode()


def mail(body: str = "Hello\n", *, subject: str = "Report", **headers: str) -> ParsedMail:
    """The same, parsed."""
    return parse_mail(raw_mail(body, subject=subject, **headers))


def corpus(name: str) -> bytes:
    """A file of the corpus."""
    return (CORPUS / f"{name}.eml").read_bytes()
