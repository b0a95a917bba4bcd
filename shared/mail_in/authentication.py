"""What our own mail server found out about the sender (RFC 8601)."""

import re

from shared.mail_in.model import ParsedMail

# compauth is Exchange Online's verdict over the three:
# https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo
_RESULT = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc|compauth)\s*=\s*([a-z]+)", re.IGNORECASE)
_FAILED = frozenset({"fail", "softfail", "hardfail", "permerror"})


def failed_authentication(mail: ParsedMail) -> bool:
    """Whether any check says that the sender is not who the mail claims."""
    results = _RESULT.findall(mail.headers.get("authentication-results", ""))
    return any(result.lower() in _FAILED for _, result in results)
