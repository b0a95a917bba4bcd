"""The function app: registers the doors and the workers."""

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
    forms_door,
    graph_hook,
    hooks,
    mail_workers,
    my_requests,
    night,
    openapi,
    other,
    portal,
    reports,
    reconciliation_api,
    static_door,
    workers,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (
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
    forms_door,
    graph_hook,
    hooks,
    mail_workers,
    my_requests,
    night,
    openapi,
    other,
    portal,
    reports,
    reconciliation_api,
    static_door,
    workers,
):
    app.register_functions(module.blueprint)
