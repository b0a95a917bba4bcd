"""App Service authentication as the local host plays it."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.easy_auth import safe_redirect
from local.host.people import Directory
from tests.local_host.conftest import Sample

LOGIN = "/.auth/login/local"


def headers_inside(sample: Sample, headers: dict[str, str]) -> dict[str, str]:
    # A client without the cookies of other tests.
    answer = httpx.get(f"{sample.host.url}/api/echo", headers=headers)
    found: dict[str, str] = answer.json()["headers"]
    return found


def principal(headers: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    return found


def roles(headers: dict[str, str]) -> list[str]:
    return [each["val"] for each in principal(headers)["claims"] if each["typ"] == "roles"]


def test_identity_headers_from_outside_never_reach_the_app(sample: Sample) -> None:
    sent = {"X-MS-CLIENT-PRINCIPAL": "e30=", "x-ms-client-principal-name": "root", "X-Ms-New": "1"}
    assert not [name for name in headers_inside(sample, sent) if name.startswith("x-ms-")]


def test_a_persona_becomes_the_platforms_headers_and_is_itself_hidden(sample: Sample) -> None:
    found = headers_inside(
        sample, {"X-Docket-Persona": "Holly@example.com", "X-MS-CLIENT-PRINCIPAL-NAME": "root"}
    )
    claims = {each["typ"]: each["val"] for each in principal(found)["claims"]}
    assert "x-docket-persona" not in found
    assert found["x-ms-client-principal-name"] == "holly@example.com"
    assert found["x-ms-client-principal-idp"] == "aad"
    assert claims["preferred_username"] == "holly@example.com"
    assert claims["name"] == "Holly <Lead>"
    assert (
        claims["http://schemas.microsoft.com/identity/claims/objectidentifier"]
        == found["x-ms-client-principal-id"]
    )


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("holly@example.com", ["Docket.Staff"]),
        ("root@example.com", ["Docket.Staff", "Docket.Admin"]),
        ("stranger@example.com", []),
    ],
)
def test_app_roles_follow_the_desks_and_a_stranger_has_none(
    sample: Sample, email: str, expected: list[str]
) -> None:
    assert roles(headers_inside(sample, {"X-Docket-Persona": email})) == expected


def test_signing_in_on_the_page_lasts_until_signing_out(sample: Sample) -> None:
    with httpx.Client(base_url=sample.host.url) as browser:
        signed_in = browser.post(
            f"{LOGIN}?post_login_redirect_uri=/desk/demo%3Fa%3D1", data={"persona": "x@example.com"}
        )
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/desk/demo?a=1")
        assert browser.get("/.auth/me").json()[0]["user_id"] == "x@example.com"
        seen = browser.get("/api/echo").json()["headers"]
        assert seen["x-ms-client-principal-name"] == "x@example.com"
        assert browser.get("/.auth/logout").headers["location"] == "/"
        assert browser.get("/.auth/me").status_code == 401


def test_the_page_lists_people_by_desk_with_their_roles_escaped(sample: Sample) -> None:
    page = sample.http.get(LOGIN).text
    assert "Demo desk" in page
    assert "Holly &lt;Lead&gt;" in page
    assert "root@example.com: admin, staff" in page


def test_the_sign_in_address_of_azure_leads_to_the_local_page(sample: Sample) -> None:
    answer = sample.http.get("/.auth/login/aad?post_login_redirect_uri=/desk")
    assert answer.headers["location"] == f"{LOGIN}?post_login_redirect_uri=/desk"


def test_signing_in_as_nobody_is_refused(sample: Sample) -> None:
    assert sample.http.post(LOGIN, data={"persona": " "}).status_code == 400


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/desk/a?b=1#c", "/desk/a?b=1#c"),
        ("http://here:1/desk", "/desk"),
        ("http://here:1", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("http://evil.example/", "/"),
        ("http://here:1//evil.example", "/"),
        ("http://here:1@evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("desk", "/"),
        ("/a\r\nset-cookie: b", "/"),
        ("http://[", "/"),
    ],
)
def test_redirects_stay_on_this_host(target: str, expected: str) -> None:
    assert safe_redirect(target, "here:1") == expected


@given(st.text())
def test_whatever_is_asked_the_redirect_is_a_path_here(target: str) -> None:
    found = safe_redirect(target, "here:1")
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))


def _desk(app: Path, desk: str, text: str) -> Path:
    path = app / "desks" / desk / "desk.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_one_person_on_two_desks_has_both_desks_roles(tmp_path: Path) -> None:
    person = "people: [{email: a@x.example, name: A, roles: [%s]}]"
    _desk(tmp_path, "one", f"name: One\n{person % 'lead'}")
    _desk(tmp_path, "two", f"name: Two\n{person % 'admin'}")
    found = Directory(tmp_path).person("A@x.example")
    assert found.desk_roles == (("One", ("lead",)), ("Two", ("admin",)))
    assert found.app_roles == ("Docket.Staff", "Docket.Admin")


@pytest.mark.parametrize("text", ["people: [", "people: 3", "- a", "", "people: [{name: A}]"])
def test_a_desk_file_that_is_wrong_leaves_everyone_without_a_role(
    tmp_path: Path, text: str
) -> None:
    _desk(tmp_path, "one", text)
    assert Directory(tmp_path).person("a@x.example").app_roles == ()


def test_a_changed_desk_file_is_read_again(tmp_path: Path) -> None:
    directory = Directory(tmp_path, look_again=0)
    assert directory.person("a@x.example").app_roles == ()
    path = _desk(tmp_path, "one", "people: [{email: a@x.example, roles: []}]")
    assert directory.person("a@x.example").app_roles == ("Docket.Staff",)
    path.write_text("people: []", "utf-8")
    os.utime(path, ns=(1, 1))
    assert directory.person("a@x.example").app_roles == ()
