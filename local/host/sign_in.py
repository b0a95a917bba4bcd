"""The pages under /.auth: choose whom to be, sign out, and who am I."""

import html
import json
from urllib.parse import parse_qs, quote

from local.host.easy_auth import EasyAuth, safe_redirect, session_cookie
from local.host.people import Directory, Person
from local.host.request import Request
from local.host.response import Response, text

HTML = "text/html; charset=utf-8"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in locally</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto;
  padding: 0 1rem }}
h2 {{ margin: 2rem 0 .5rem; font-size: 1.1rem }}
ul {{ list-style: none; padding: 0; margin: 0 }}
li {{ border-top: 1px solid #ccc }}
li button {{ all: unset; box-sizing: border-box; width: 100%; padding: .6rem .4rem;
  cursor: pointer }}
li button:hover, li button:focus-visible {{ background: #eef; outline: 2px solid #336 }}
small {{ color: #555; display: block }}
input {{ font: inherit; padding: .3rem; min-width: 18rem }}
</style></head><body>
<h1>Who are you today?</h1>
<p>This page stands for your organisation's sign-in. It exists only on a developer's machine.</p>
<form method="post" action="/.auth/login/local?post_login_redirect_uri={target}">
{desks}
</form>
<h2>Somebody else</h2>
<form method="post" action="/.auth/login/local?post_login_redirect_uri={target}">
<label for="persona">E-mail address</label>
<input id="persona" name="persona" type="email" required> <button>Sign in</button>
<small>An address that no desk knows has no role, and the app should refuse it.</small>
</form></body></html>
"""


class SignIn:
    """Answers every path under /.auth/."""

    def __init__(self, directory: Directory, easy_auth: EasyAuth) -> None:
        self._directory = directory
        self._easy_auth = easy_auth

    def answer(self, request: Request, body: bytes) -> Response:
        path = request.path.removeprefix("/.auth/").rstrip("/")
        if path == "me" and request.method == "GET":
            return self._me(request)
        if path == "logout" and request.method in ("GET", "POST"):
            return _leave(request, "post_logout_redirect_uri", session_cookie(None))
        if path == "login/aad" and request.method == "GET":
            # The address that links use in Azure.
            wanted = quote(_target(request, "post_login_redirect_uri"), safe="/")
            return _see(f"/.auth/login/local?post_login_redirect_uri={wanted}")
        if path == "login/local":
            return self._login(request, body)
        return text(404, "")

    def _login(self, request: Request, body: bytes) -> Response:
        if request.method == "POST":
            chosen = parse_qs(body.decode("utf-8", "replace")).get("persona", [""])[0].strip()
            if not chosen:
                return text(400, "Choose a person, or give an e-mail address.")
            return _leave(request, "post_login_redirect_uri", session_cookie(chosen))
        target = quote(_target(request, "post_login_redirect_uri"), safe="")
        return text(200, _PAGE.format(target=target, desks=self._desks()), HTML)

    def _desks(self) -> str:
        by_desk: dict[str, list[tuple[Person, tuple[str, ...]]]] = {}
        for person in self._directory.everyone():
            for desk, roles in person.desk_roles:
                by_desk.setdefault(desk, []).append((person, roles))
        return "\n".join(_desk(desk, people) for desk, people in sorted(by_desk.items()))

    def _me(self, request: Request) -> Response:
        person = self._easy_auth.person(request.headers)
        if person is None:
            return text(401, "")
        session = {
            "provider_name": "aad",
            "user_id": person.email,
            "user_claims": person.claims,
        }
        return text(200, json.dumps([session]), "application/json; charset=utf-8")


def _desk(desk: str, people: list[tuple[Person, tuple[str, ...]]]) -> str:
    rows = "\n".join(
        f'<li><button name="persona" value="{html.escape(person.email)}">'
        f"{html.escape(person.name)}"
        f"<small>{html.escape(person.email)}: {html.escape(', '.join(roles) or 'no role')}</small>"
        "</button></li>"
        for person, roles in people
    )
    return f"<h2>{html.escape(desk)}</h2><ul>{rows}</ul>"


def _target(request: Request, parameter: str) -> str:
    return safe_redirect(request.query.get(parameter, "/"), request.headers.get("host", ""))


def _leave(request: Request, parameter: str, cookie: str) -> Response:
    return _see(_target(request, parameter), (b"set-cookie", cookie.encode()))


def _see(target: str, *headers: tuple[bytes, bytes]) -> Response:
    location = quote(target, safe="/?#[]@!$&'()*+,;=:%-._~")
    return Response(303, [(b"location", location.encode("ascii")), *headers])
