"""Sample values that the adapters' tests share."""

from __future__ import annotations

from shared.ports import File, Mail, NewItem

SUPPORT = "support@contoso.com"


def mail(word: str, *, files: tuple[File, ...] = (), sender: str = SUPPORT) -> Mail:
    """A mail to an address of the word's own."""
    return Mail(
        sender=sender,
        sender_name="myTC support",
        to=((f"{word}@client.example", "A Client"),),
        subject=f"[MYTC-42] Your request {word}",
        text="We have it.",
        html="<p>We have it.</p>",
        message_id=f"<{word}@docket.contoso.com>",
        in_reply_to=f"<first-{word}@client.example>",
        references=(f"<zero-{word}@client.example>", f"<first-{word}@client.example>"),
        reply_to=SUPPORT,
        headers=(
            ("X-Docket-Ticket", "MYTC-42"),
            ("X-Auto-Response-Suppress", "All"),
            ("Auto-Submitted", "auto-generated"),
        ),
        files=files,
    )


def item(word: str, *, kind: str = "Product Backlog Item", into_sprint: bool = False) -> NewItem:
    """A work item whose title holds the word."""
    return NewItem(
        type=kind,
        title=f"Totals are wrong {word}",
        description="Since <Monday> & today.\n\nSee https://example.com/report.",
        tags=("production",),
        link=f"https://docket.contoso.com/t/{word}",
        link_title="MYTC-42",
        into_sprint=into_sprint,
        priority=2,
    )
