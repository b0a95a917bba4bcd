"""App Service authentication, played: identity headers come from here and nowhere else."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote, urlsplit

from local.host.people import Directory, Person

PERSONA = "x-docket-persona"
COOKIE = "AppServiceAuthSession"


class EasyAuth:
    """Replaces what a caller claims to be by what the local directory says."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def person(self, headers: dict[str, str]) -> Person | None:
        """Whom the persona header or the sign-in cookie names; the header wins."""
        email = headers.get(PERSONA, "").strip() or _signed_in(headers.get("cookie", ""))
        return self._directory.person(email) if email else None

    def apply(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers for the app: no x-ms-* of the caller's, no persona, the real identity."""
        person = self.person(headers)
        kept = {
            name: value
            for name, value in headers.items()
            if not name.startswith("x-ms-") and name != PERSONA
        }
        return {**kept, **person.headers} if person else kept


def session_cookie(email: str | None) -> str:
    """A Set-Cookie value that signs in, or for None signs out."""
    if email is None:
        return f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    return f"{COOKIE}={quote(email, safe='@.')}; Path=/; HttpOnly; SameSite=Lax"


def safe_redirect(target: str, host: str) -> str:
    """The target when it stays on this host, else `/`."""
    if "\\" in target or any(ord(character) < 32 for character in target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc:
        if parts.scheme not in ("http", "https") or parts.netloc != host:
            return "/"
        target = target.partition("://")[2].removeprefix(host) or "/"
    return target if target.startswith("/") and not target.startswith("//") else "/"


def _signed_in(cookie_header: str) -> str:
    if COOKIE not in cookie_header:
        return ""
    try:
        found = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        return ""
    return unquote(found.value) if found else ""
