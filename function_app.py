"""The function app: registers the doors and the workers."""

import os

# We use no pydantic plugins, and looking for some reads the metadata of every package installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

import azure.functions as func

from functions import (
    api,
    client_reply,
    client_ticket,
    console,
    console_board,
    console_commands,
    console_list,
    console_lists,
    console_ticket,
    doctor,
    email_events,
    form_mapping,
    forms_door,
    graph_hook,
    hooks,
    mail_workers,
    my_requests,
    night,
    openapi,
    operations,
    other,
    portal,
    reconciliation_api,
    reports,
    static_door,
    workers,
)
from shared.service.observe import set_up_logs

BLUEPRINTS = (
    api.blueprint,
    client_reply.blueprint,
    client_ticket.blueprint,
    console.blueprint,
    console_board.blueprint,
    console_commands.blueprint,
    console_list.blueprint,
    console_lists.blueprint,
    console_ticket.blueprint,
    doctor.blueprint,
    email_events.blueprint,
    form_mapping.blueprint,
    forms_door.blueprint,
    graph_hook.blueprint,
    hooks.blueprint,
    mail_workers.blueprint,
    my_requests.blueprint,
    night.blueprint,
    openapi.blueprint,
    operations.blueprint,
    other.blueprint,
    portal.blueprint,
    reconciliation_api.blueprint,
    reports.blueprint,
    static_door.blueprint,
    workers.blueprint,
)

set_up_logs()
app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
