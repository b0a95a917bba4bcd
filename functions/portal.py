"""The portal and the built-in request form, for anybody."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import azure.functions as func

from functions.client_pages import Reader, client, client_page, desk_reader, reader_of
from functions.identity import NotSignedIn, SignedIn, signed_in
from functions.pages import see_other
from functions.portal_answers import HONEYPOT, KEY, Sent, read_sent
from functions.visit import Visit, refuse_foreign
from shared.context import App
from shared.domain import commands as cm
from shared.domain.answers import Sender, read_answers
from shared.domain.desk import Desk
from shared.domain.errors import Invalid, NotFound, Unavailable, Unknown
from shared.domain.form import Form
from shared.domain.people import Actor, ActorKind
from shared.domain.rules.opening import check
from shared.domain.words import Language, say
from shared.render.form_page import Given, asking_sender, form_view
from shared.render.links import Pass
from shared.service import files
from shared.service.opening import Request, open_request


@dataclass(frozen=True)
class Card:
    """A desk on the portal. `microsoft` and `built_in` are addresses, '' where there is none."""

    name: str
    intro: str
    language: Language
    microsoft: str
    built_in: str
    mail: str


def portal_page(visit: Visit) -> func.HttpResponse:
    """What this is, and a card for each desk."""
    reader = reader_of(visit)
    cards = [_card(visit.app, desk, reader) for desk in visit.deps.desks.values()]
    return client_page(reader, "portal", cards=cards)


def _card(app: App, desk: Desk, reader: Reader) -> Card:
    language = reader.language if reader.language in desk.languages else desk.languages[0]
    form = desk.forms[0] if desk.forms else None
    return Card(
        name=say(desk.name, language),
        intro=say(desk.intro, language) if desk.intro else "",
        language=language,
        microsoft=microsoft_form(app, desk),
        built_in=reader.link(f"/request/{desk.id}") if form else "",
        mail=desk.mail.address,
    )


def microsoft_form(app: App, desk: Desk) -> str:
    """The address of the desk's Microsoft Form; '' when none is configured."""
    if not desk.forms:
        return ""
    base = app.settings.form_urls.rstrip("/")
    return desk.forms[0].microsoft_form_url or (f"{base}/{desk.id}" if base else "")


@dataclass(frozen=True)
class FormVisit:
    """A visit to a desk's form. The first form of a desk is the one that clients get."""

    visit: Visit
    desk: Desk
    reader: Reader
    form: Form
    person: SignedIn | None

    @classmethod
    def of(cls, visit: Visit) -> FormVisit:
        """Raises NotFound for an unknown desk and for one without a form."""
        desk = visit.desk
        if not desk.forms:
            raise NotFound(f"{desk.id} has no form")
        try:
            person = signed_in(visit.req.headers)
        except NotSignedIn:
            person = None  # as clients are
        form = asking_sender(desk.forms[0], is_known=person is not None)
        return cls(visit, desk, desk_reader(visit, desk), form, person)

    def page(
        self, key: str, given: Given, status: int = 200, *, notice: str = ""
    ) -> func.HttpResponse:
        """The form as it stands. `notice`: `wrong`, `away`, `trap` or nothing."""
        language = self.reader.language
        return client_page(
            self.reader,
            "form",
            status,
            here=f"/request/{self.desk.id}",
            has_form=True,
            form=form_view(self.form, given, language),
            desk_name=say(self.desk.name, language),
            action=self.reader.link(f"/request/{self.desk.id}"),
            key_name=KEY,
            key=key,
            honeypot=HONEYPOT,
            notice=notice,
            signed_in=self.person.email if self.person else "",
            limits=(files.MOST_FILES, files.MOST_EACH, files.MOST_IN_ALL),
        )

    @property
    def sender(self) -> Sender:
        """Who sends the form, where somebody is signed in."""
        person = self.person
        return Sender(person.email, person.name) if person else Sender()


@client
async def portal_form(visit: Visit) -> func.HttpResponse:
    """The built-in form, empty but for the visitor's language."""
    page = FormVisit.of(visit)
    spoken = {f.id: str(page.reader.language) for f in page.form.fields if f.part == "language"}
    found = page.page(secrets.token_urlsafe(16), Given(answers=spoken))
    # Whoever goes back finds this very page, with its key: sent again, it is the same request.
    found.headers["Cache-Control"] = "private, no-cache"
    return found


@client
async def portal_submit(visit: Visit) -> func.HttpResponse:
    """A filled form becomes a ticket; a wrong one comes back with everything that was typed."""
    refuse_foreign(visit)
    page = FormVisit.of(visit)
    sent = read_sent(visit.req, page.form)
    if sent.is_trapped:
        return page.page(sent.key, sent.given(), 422, notice="trap")
    try:
        number, email = await _open(page, sent)
    except Invalid as error:
        return page.page(sent.key, sent.given(error.errors), 422, notice="wrong")
    except (Unavailable, Unknown):
        found = page.page(sent.key, sent.given(), 503, notice="away")
        found.headers["Retry-After"] = "5"
        return found
    holder = Pass(email, number, is_proven=page.person is not None)
    token = visit.app.links.token(holder, visit.now)
    return see_other(page.reader.link(f"/r/{token}", new="1"))


async def _open(page: FormVisit, sent: Sent) -> tuple[str, str]:
    """The ticket's number, and whose link leads to it. Raises Invalid, Unavailable, Unknown."""
    deps, desk = page.visit.deps, page.desk
    command = _command(page, sent)
    check(desk, command)  # wrong values are told before any file is stored
    stored = await files.store(deps.blobs, sent.uploads, public=True)
    command = command.model_copy(update={"attachments": stored})
    sender = command.submitted_by or command.requester
    actor = Actor(kind=ActorKind.CLIENT, email=sender.email, name=sender.name)
    keys = (("portal", sent.idempotency(desk.id, sender.email)),) if sent.key else ()
    opened = await open_request(deps, desk, Request(command, actor, keys), waits=False)
    return opened.loaded.ticket.number, sender.email


def _command(page: FormVisit, sent: Sent) -> cm.Open:
    """The request, in the language of the page unless another was asked for. Raises Invalid."""
    wrong = sent.wrong_files()
    try:
        command = read_answers(
            page.desk,
            page.form,
            sent.answers,
            page.sender,
            page.visit.now,
            attachments=sent.unstored(),
            source="portal",
        )
    except Invalid as error:
        raise Invalid(*error.errors, *wrong) from error
    if wrong:
        raise Invalid(*wrong)
    asked = [f.id for f in page.form.fields if f.part == "language" and sent.answers.get(f.id)]
    language = command.language if asked else page.reader.language
    return command.model_copy(update={"language": language})
