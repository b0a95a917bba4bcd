"""The function app: its doors and workers stand in functions/doors.py."""

import os

# We use no pydantic plugins, and looking for some reads the metadata of every package installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

import azure.functions as func

from functions.doors import register
from shared.telemetry import set_up_logs

set_up_logs()
app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
register(app)
