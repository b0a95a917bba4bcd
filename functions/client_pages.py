"""What all client pages share: their language, their frame, and refusals in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import azure.functions as func

from functions.pages import Form, document, form_values
from functions.visit import Visit, door, status_of
from shared.domain.answers import clean
from shared.domain.desk import Desk
from shared.domain.errors import DocketError, FieldError, Invalid, Unavailable
from shared.domain.words import Language
from shared.render import pages
from shared.render.client_words import LANGUAGES, client_words, preferred, told

# A browser that is told no-referrer sends `Origin: null` with the page's own forms, which are then
# refused (https://fetch.spec.whatwg.org/#append-a-request-origin-header). So pages with a form say
# same-origin: the address, which may hold a client's token, still goes nowhere else.
NO_REFERRER = {"Referrer-Policy": "no-referrer"}


@dataclass(frozen=True)
class Reader:
    """The language of a visit. `picked`: the visitor chose it, so links carry it on."""

    language: Language
    picked: bool = False
    offered: tuple[Language, ...] = LANGUAGES

    def link(self, path: str, **query: str) -> str:
        """An address of ours in the chosen language."""
        more = {**query, "lang": self.language} if self.picked else query
        return f"{path}?{urlencode(more)}" if more else path

    @property
    def other(self) -> Language | None:
        """The language to switch to, where there is one."""
        return next((one for one in self.offered if one != self.language), None)


def reader_of(
    visit: Visit | None, offered: Sequence[Language] = LANGUAGES, usual: Language | None = None
) -> Reader:
    """`?lang=` counts first, then `usual` (a ticket's language), then what the browser prefers."""
    known = tuple(offered)
    asked = next((one for one in known if visit and visit.query("lang") == one), None)
    header = str(visit.req.headers.get("accept-language", "")) if visit else ""
    language = asked or usual or preferred(header)
    return Reader(
        language if language in known else known[0], picked=asked is not None, offered=known
    )


def desk_reader(visit: Visit, desk: Desk) -> Reader:
    """The reader of one desk's page: in the languages that the desk writes."""
    return reader_of(visit, desk.languages)


def client_page(
    reader: Reader,
    template: str,
    status: int = 200,
    *,
    here: str = "/",
    has_form: bool = False,
    **values: object,
) -> func.HttpResponse:
    """The page below web/pages/client. `here`: its path, for the language switch."""
    other = reader.other
    body = pages.html(
        f"client/{template}.html",
        w=client_words(reader.language),
        language=reader.language,
        link=reader.link,
        other=other,
        other_link=f"{here}?lang={other}" if other else "",
        **values,
    )
    return document(body, status, None if has_form else NO_REFERRER)


def client_refusal(visit: Visit | None, error: DocketError) -> func.HttpResponse:
    """The failure in plain words, with the right status; nothing internal is told."""
    status, _ = status_of(error)
    reader = reader_of(visit)
    words = client_words(reader.language)
    name = f"refused_{status}" if f"refused_{status}" in words else "refused_500"
    wrong = error.errors if isinstance(error, Invalid) else ()
    found = client_page(
        reader,
        "refusal",
        status,
        title=words[name],
        text=words[f"{name}_text"],
        mistakes=[(e.field, told(e.message, reader.language)) for e in wrong],
    )
    if isinstance(error, Unavailable):
        found.headers["Retry-After"] = str(int(error.retry_after or 5))
    return found


client = door(client_refusal)


def read_form(req: func.HttpRequest) -> tuple[Form, tuple[FieldError, ...]]:
    """The form and what is wrong with its body: one that is too large gives its texts alone."""
    try:
        return form_values(req), ()
    except Invalid as error:
        texts = {name: tuple(map(clean, req.form.getlist(name))) for name in req.form}
        return Form(texts, {}), error.errors
    finally:
        for name in req.files:  # large files lie in temporary ones
            for file in req.files.getlist(name):
                file.close()
