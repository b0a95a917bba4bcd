"""Set-Cookie as it leaves the real host: through the worker's cookie message and ASP.NET Core."""

from email.utils import formatdate
from http.cookies import SimpleCookie
from types import SimpleNamespace
from urllib.parse import quote

from azure_functions_runtime.bindings.datumdef import parse_to_rpc_http_cookie_list


class _RpcHttpCookie(SimpleNamespace):
    """Stands for the gRPC message that the runtime fills."""

    SameSite = SimpleNamespace(**{"None": None}, Lax="lax", Strict="strict", ExplicitNone="none")


_PROTOS = SimpleNamespace(
    RpcHttpCookie=_RpcHttpCookie,
    NullableString=SimpleNamespace,
    NullableBool=SimpleNamespace,
    NullableDouble=SimpleNamespace,
    NullableTimestamp=SimpleNamespace,
    Timestamp=SimpleNamespace,
)


def set_cookie_values(cookies: list[SimpleCookie] | None) -> list[str]:
    """One Set-Cookie value each; raises ValueError for an Expires that the worker cannot read.

    A cookie that http.cookies cannot parse is already gone here, silently, as in Azure.
    """
    return [_set_cookie(each) for each in parse_to_rpc_http_cookie_list(cookies, _PROTOS) or ()]


def _set_cookie(cookie: SimpleNamespace) -> str:
    parts = [f"{cookie.name}={quote(cookie.value, safe='-_.~')}"]
    if cookie.expires:
        parts.append(f"expires={formatdate(cookie.expires.value.seconds, usegmt=True)}")
    if cookie.max_age:
        parts.append(f"max-age={int(cookie.max_age.value)}")
    # The worker sends an absent domain or path as an empty string, and the host prints it.
    parts += [f"domain={cookie.domain.value}", f"path={cookie.path.value}"]
    if cookie.secure.value:
        parts.append("secure")
    if cookie.same_site:
        parts.append(f"samesite={cookie.same_site}")
    if cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)
