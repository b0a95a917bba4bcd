"""Every door of the app on one page: what opens it, and the module in which its handler lies.

A handler's module is imported at its first visit, so an instance loads what it serves and no more:
on Flex Consumption the HTTP functions share their instances, each queue and the timers have their
own, and no delivery waits for the console's pages to load.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, NamedTuple

import azure.functions as func

CONNECTION = "DocketStorage"


class Http(NamedTuple):
    """Opened by a request. `key`: the host asks for a function key."""

    name: str
    methods: str
    route: str
    key: bool = False

    def register(self, app: func.FunctionApp, module: str) -> None:
        """Adds the function to the app."""

        async def enter(req: func.HttpRequest) -> func.HttpResponse:
            answer: func.HttpResponse = await _handler(module, self.name)(req)
            return answer

        level = func.AuthLevel.FUNCTION if self.key else func.AuthLevel.ANONYMOUS
        door = app.route(self.route, methods=self.methods.split(), auth_level=level)
        door(_named(enter, self.name))


class Queue(NamedTuple):
    """Opened by a message."""

    name: str
    queue: str

    def register(self, app: func.FunctionApp, module: str) -> None:
        """Adds the function to the app."""

        async def enter(msg: func.QueueMessage) -> None:
            await _handler(module, self.name)(msg)

        door = app.queue_trigger(arg_name="msg", queue_name=self.queue, connection=CONNECTION)
        door(_named(enter, self.name))


class Timer(NamedTuple):
    """Opened by the clock; `schedule`: seconds, minutes, hours, days, months, weekdays in UTC."""

    name: str
    schedule: str

    def register(self, app: func.FunctionApp, module: str) -> None:
        """Adds the function to the app."""

        async def enter(timer: func.TimerRequest) -> None:
            del timer  # late or not, a handler does all that is due
            await _handler(module, self.name)()

        door = app.timer_trigger(arg_name="timer", schedule=self.schedule, use_monitor=True)
        door(_named(enter, self.name))


def _handler(module: str, name: str) -> Callable[..., Awaitable[Any]]:
    found: Callable[..., Awaitable[Any]] = getattr(import_module(f"functions.{module}"), name)
    return found


def _named[F: Callable[..., Any]](function: F, name: str) -> F:
    function.__name__ = name
    return function


# The host takes the first route that fits, in the order of the functions' names.
DOORS: dict[str, tuple[Http | Queue | Timer, ...]] = {
    "api": (
        Http("api_health", "GET", "api/health"),
        Http("api_desks", "GET", "api/desks"),
        Http("api_desk", "GET", "api/desks/{desk}"),
        Http("api_request", "POST", "api/desks/{desk}/requests", key=True),
        Http("api_tickets", "GET", "api/desks/{desk}/tickets"),
        Http("api_ticket", "GET", "api/tickets/{number}"),
        Http("api_command", "POST", "api/tickets/{number}/commands"),
        Http("api_attachment", "GET", "api/tickets/{number}/attachments/{attachment}"),
        Http("api_quarantine", "GET", "api/desks/{desk}/quarantine"),
        Http("api_undelivered", "GET", "api/desks/{desk}/undelivered"),
        Http("api_undelivered_retry", "POST", "api/desks/{desk}/undelivered/retry"),
        Http("api_undelivered_set_aside", "POST", "api/desks/{desk}/undelivered/set-aside"),
    ),
    "client_reply": (Http("client_ticket_reply", "POST", "r/{token}/reply"),),
    "client_ticket": (
        Http("client_ticket", "GET", "r/{token}"),
        Http("client_ticket_attachment", "GET", "r/{token}/attachments/{attachment}"),
    ),
    "console": (
        Http("desk_home", "GET", "desk"),
        Http("desk_undelivered_banner", "GET", "desk/{desk}/undelivered/banner"),
    ),
    "console_board": (Http("desk_board", "GET", "desk/{desk}/board"),),
    "console_commands": (
        Http("desk_ticket_command", "POST", "desk/{desk}/tickets/{number}/commands"),
    ),
    "console_list": (
        Http("desk_list", "GET", "desk/{desk}"),
        Http("desk_list_bulk", "POST", "desk/{desk}/bulk"),
    ),
    "console_lists": (
        Http("desk_undelivered", "GET", "desk/{desk}/undelivered"),
        Http("desk_undelivered_retry", "POST", "desk/{desk}/undelivered/retry"),
        Http("desk_undelivered_set_aside", "POST", "desk/{desk}/undelivered/set-aside"),
        Http("desk_quarantine", "GET", "desk/{desk}/quarantine"),
        Http("desk_quarantine_raw", "GET", "desk/{desk}/quarantine/raw"),
        Http("desk_quarantine_release", "POST", "desk/{desk}/quarantine/release"),
        Http("desk_quarantine_take_in", "POST", "desk/{desk}/quarantine/take-in"),
        Http("desk_flows", "GET", "desk/{desk}/flows"),
    ),
    "console_ticket": (
        Http("desk_ticket", "GET", "desk/{desk}/tickets/{number}"),
        Http("desk_ticket_live", "GET", "desk/{desk}/tickets/{number}/live"),
        Http("desk_ticket_change", "GET", "desk/{desk}/tickets/{number}/changes/{change}"),
    ),
    "doctor": (
        Http("desk_doctor", "GET", "desk/{desk}/doctor"),
        Timer("watch_connections", "0 25 * * * *"),
    ),
    "email_events": (
        Http("hook_email_events", "POST OPTIONS", "api/hooks/email-events", key=True),
    ),
    "form_mapping": (
        Http("desk_forms", "GET", "desk/{desk}/forms"),
        Http("desk_forms_choose", "POST", "desk/{desk}/forms/{form}"),
    ),
    "forms_door": (
        Http("api_form_response", "POST", "api/desks/{desk}/forms/{form}/responses", key=True),
    ),
    "graph_hook": (Http("hook_graph", "POST", "api/hooks/graph"),),
    "hooks": (
        Http("hook_azure_devops", "POST", "api/hooks/azure-devops"),
        Http("hook_jira", "POST", "api/hooks/jira"),
    ),
    "mail_workers": (
        Queue("look_at_mailbox", "docket-mail"),
        Timer("poll_mailboxes", "35 * * * * *"),
        Timer("renew_subscriptions", "50 7 * * * *"),
        Timer("reconcile_mail", "0 20 0 * * *"),
    ),
    "my_requests": (
        Http("my_requests", "GET", "my"),
        Http("my_requests_mail", "POST", "my"),
        Http("my_requests_list", "GET", "my/{token}"),
    ),
    "night": (Timer("archive_closed", "0 15 3 * * *"),),
    "openapi": (Http("api_openapi", "GET", "api/openapi.json"),),
    "operations": (
        Timer("back_up_tables", "0 45 3 * * *"),
        Timer("measure_undelivered", "40 */5 * * * *"),
    ),
    "other": (Http("zz_portal_or_not_found", "GET HEAD POST PUT PATCH DELETE", "{*path}"),),
    "portal": (
        Http("portal_form", "GET", "request/{desk}"),
        Http("portal_submit", "POST", "request/{desk}"),
    ),
    "reconciliation_api": (
        Http("api_reconciliation", "GET", "api/desks/{desk}/reconciliation"),
        Http("api_raw_mail", "GET", "api/tickets/{number}/mails/{seq}"),
    ),
    "reports": (
        Http("desk_reports", "GET", "desk/{desk}/reports"),
        Http("desk_reports_file", "GET", "desk/{desk}/reports/{file}"),
    ),
    "static_door": (Http("static_files", "GET", "static/{*path}"),),
    "workers": (
        Queue("deliver_outbox", "docket-outbox"),
        Timer("sweep_undelivered", "5 * * * * *"),
        Timer("sweep_service_levels", "20 * * * * *"),
        Timer("apply_changed_rules", "40 * * * * *"),
    ),
}


def register(app: func.FunctionApp) -> None:
    """Adds every door to the app."""
    for module, doors in DOORS.items():
        for door in doors:
            door.register(app, module)
