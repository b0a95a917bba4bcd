"""Route templates and constraints, as ASP.NET Core reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.errors import HostError
from local.host.manifest import Function
from local.host.routes import Routes
from local.host.templates import Template

GUID = "6f1f5f30-0e0a-4b53-8b0a-3a2a8f5a8a11"


@pytest.mark.parametrize(
    ("route", "path", "expected"),
    [
        ("a/b", "a/b", {}),
        ("a/b", "A/B", {}),
        ("a/b", "a", None),
        ("a/b", "a/b/c", None),
        ("a/{x}", "a/1", {"x": "1"}),
        ("a/{x}", "a", None),
        ("a/{x?}", "a", {}),
        ("a/{x?}", "a/1", {"x": "1"}),
        ("a/{x=5}", "a", {"x": "5"}),
        ("a/{*rest}", "a", {}),
        ("a/{*rest}", "a/b/c", {"rest": "b/c"}),
        ("{x}-{y}", "1-2-3", {"x": "1-2", "y": "3"}),
        ("f.{x}", "f.txt", {"x": "txt"}),
        ("{x:maxlength(0)?}", "", {}),
        ("{x:maxlength(0)?}", "a", None),
    ],
)
def test_a_template_matches_whole_paths_and_gives_its_parameters(
    route: str, path: str, expected: dict[str, str] | None
) -> None:
    assert Template(route).match(path.split("/") if path else []) == expected


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("int", "-12", "1.5"),
        ("int", "2147483647", "2147483648"),
        ("long", "2147483648", "9223372036854775808"),
        ("bool", "True", "1"),
        ("decimal", "1.5", "x"),
        ("double", "1e3", "1e"),
        ("float", "-.5", "."),
        ("datetime", "2026-11-22", "today"),
        ("guid", GUID, GUID[:-1]),
        ("alpha", "Abc", "a1"),
        ("length(3)", "abc", "ab"),
        ("length(2,3)", "ab", "abcd"),
        ("minlength(2)", "ab", "a"),
        ("maxlength(2)", "ab", "abc"),
        ("min(5)", "5", "4"),
        ("max(5)", "5", "6"),
        ("range(2,4)", "3", "5"),
        (r"regex(^\d{{3}}$)", "123", "1234"),
        ("file", "a.txt", "a"),
        ("nonfile", "a", "a.txt"),
        ("required", "a", " "[:0]),
    ],
)
def test_a_constraint_decides_whether_the_route_matches(
    constraint: str, good: str, bad: str
) -> None:
    template = Template(f"x/{{value:{constraint}}}")
    assert template.match(["x", good]) == {"value": good}
    assert template.match(["x", bad]) is None


@pytest.mark.parametrize(
    "route",
    ["/a", "~/a", "a//b", "{x", "x}", "{x}/{X}", "{*x}/a", "{x?}/a", "{x:odd}", "{x:min(a)}", "a?"],
)
def test_a_malformed_template_stops_the_host(route: str) -> None:
    with pytest.raises(HostError):
        Template(route)


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_32_bit_number_passes_the_int_constraint(number: int) -> None:
    assert Template("{x:int}").match([str(number)]) == {"x": str(number)}


def _function(name: str, route: str, *methods: str) -> Function:
    trigger = {"type": "httpTrigger", "name": "req", "route": route, "methods": list(methods)}
    return Function(name, name, trigger, {})


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/thing/1", "a"),
        ("GET", "/api/thing/1/", "a"),
        ("POST", "/api/thing/1", "b"),
        ("DELETE", "/api/thing/1", None),
        ("HEAD", "/api/thing/1", None),
        ("PATCH", "/api/any", "c"),
        ("GET", "/thing/1", None),
        ("GET", "/api", None),
    ],
)
def test_the_first_route_in_name_order_that_fits_path_and_method_wins(
    method: str, path: str, expected: str | None
) -> None:
    functions = [
        _function("a", "thing/{id}", "GET"),
        _function("b", "thing/{id}", "POST"),
        _function("c", "any"),
    ]
    found = Routes(functions, "api").find(method, path)
    assert (found[0].name if found else None) == expected


def test_an_empty_prefix_puts_routes_at_the_root() -> None:
    assert Routes([_function("a", "b")], "").find("GET", "/b") is not None
