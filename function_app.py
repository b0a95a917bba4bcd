"""The function app: registers the doors and the workers."""

import azure.functions as func

from functions import api, forms_door, hooks, workers

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (api, forms_door, hooks, workers):
    app.register_functions(module.blueprint)
