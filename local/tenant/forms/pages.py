"""The page of a form, its branching and language switch, and the list of responses.

Inputs are named by field id; `lang` is in the query, `as` there too (an address: the responder who
is signed in; without it the form is anonymous).
"""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from local.tenant.core import Tenant
from local.tenant.forms import answers, flow
from local.tenant.forms.definition import Form, forms_of

_WORDS = {
    "en": {
        "required": "Required",
        "submit": "Submit",
        "refresh": "Show the questions for these answers",
        "thanks": "Thank you. Your response was submitted.",
        "another": "Submit another response",
        "files": "Up to 10 files of 10 MB each",
        "again": "Please choose your files again.",
        "wrong": "Some answers need another look.",
        "language": "Language",
        "choose": "Select your answer",
    },
    "fr": {
        "required": "Obligatoire",
        "submit": "Envoyer",
        "refresh": "Afficher les questions pour ces réponses",
        "thanks": "Merci. Votre réponse a été envoyée.",
        "another": "Envoyer une autre réponse",
        "files": "Jusqu'à 10 fichiers de 10 Mo chacun",
        "again": "Veuillez choisir à nouveau vos fichiers.",
        "wrong": "Certaines réponses sont à revoir.",
        "language": "Langue",
        "choose": "Sélectionnez votre réponse",
    },
}
_FRENCH_MISTAKES = {
    "This question is required.": "Cette question est obligatoire.",
    "Enter an email address.": "Entrez une adresse e-mail.",
    "Enter a date.": "Entrez une date.",
    "Choose one of the options.": "Choisissez une des options.",
    "A file must not be larger than 10 MB.": "Un fichier ne doit pas dépasser 10 Mo.",
}
_NAMES = {"en": "English", "fr": "Français"}

_TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")


def routes(tenant: Tenant) -> list[BaseRoute]:
    """Everything below ``/forms``."""
    pages = _Pages(tenant)
    return [
        Route("/{desk}/responses", pages.responses, methods=["GET"]),
        Route("/{desk}", pages.show, methods=["GET"]),
        Route("/{desk}", pages.take, methods=["POST"]),
        Route("/{desk}/{form}", pages.show, methods=["GET"]),
        Route("/{desk}/{form}", pages.take, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def show(self, request: Request) -> Response:
        form = self._form(request)
        if form is None:
            return PlainTextResponse("There is no such form.", status_code=404)
        return _page(request, form, answers.Answers({}, {}), {})

    async def take(self, request: Request) -> Response:
        """200 with thanks; 422 with the page and a message at each wrong answer."""
        form = self._form(request)
        if form is None:
            return PlainTextResponse("There is no such form.", status_code=404)
        async with request.form(max_part_size=16 * 1024 * 1024) as sent:
            given = await answers.read(form, sent)
            is_refresh = "_refresh" in sent
        wrong = {} if is_refresh else answers.mistakes(form, given)
        if is_refresh or wrong:
            return _page(request, form, given, wrong)
        responder = request.query_params.get("as") or "anonymous"
        body = answers.details(form, given, responder, self._tenant.now())
        flow.submit(self._tenant, form, body, answers.contents(form, given))
        return _TEMPLATES.TemplateResponse(request, "thanks.html", _context(request, form))

    async def responses(self, request: Request) -> Response:
        """``[{"desk","form","responseId","at","response","runs":[{"status","attempts",...}]}]``"""
        kept = self._tenant.store.collection("forms-responses").items()
        wanted = request.path_params["desk"]
        return JSONResponse(
            [
                {**response, "key": key, "files": [file["name"] for file in response["files"]]}
                for key, response in kept
                if response["desk"] == wanted
            ]
        )

    def _form(self, request: Request) -> Form | None:
        forms = forms_of(self._tenant, request.path_params["desk"])
        wanted = request.path_params.get("form")
        return next((form for form in forms if wanted in (None, form.id)), None)


def _page(request: Request, form: Form, given: answers.Answers, wrong: dict[str, str]) -> Response:
    context = _context(request, form)
    language = context["language"]
    shown = {field.id for field in form.shown(given.texts)}
    questions = [
        {
            "field": field,
            "label": field.label(language),
            "help": field.help(language),
            "options": [option.label(language) for option in field.options],
            "given": given.texts.get(field.id, []),
            "is_shown": field.id in shown,
            "mistake": _in_french(wrong.get(field.id, ""), language),
            "had_files": field.id in given.files,
            "depends_on": field.depends_on,
            "wanted": form.labels_for(_asked(form, field.depends_on), field.wanted),
        }
        for field in form.fields
    ]
    context |= {"questions": questions, "wrong": wrong}
    status = 422 if wrong else 200
    return _TEMPLATES.TemplateResponse(request, "form.html", context, status_code=status)


def _context(request: Request, form: Form) -> dict[str, Any]:
    languages = form.languages
    language = request.query_params.get("lang", "en")
    language = language if language in languages else "en"
    query = f"&as={request.query_params['as']}" if "as" in request.query_params else ""
    return {
        "form": form,
        "title": form.title(language),
        "intro": form.intro(language),
        "language": language,
        "languages": [(code, _NAMES.get(code, code)) for code in languages],
        "words": _WORDS.get(language, _WORDS["en"]),
        "query": query,
    }


def _asked(form: Form, field_id: str) -> Any:
    return next((field for field in form.fields if field.id == field_id), None)


def _in_french(message: str, language: str) -> str:
    return _FRENCH_MISTAKES.get(message, message) if language == "fr" else message
