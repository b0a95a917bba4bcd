"""function_app.py through Microsoft's own runtime: its functions, and what their import loads."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# What only some requests need is imported by them: a cold start waits for none of it.
HEAVY = ("msgraph", "azure.identity", "azure.communication.email", "sqlglot", "jinja2", "holidays")

FUNCTIONS = """
api_attachment httpTrigger
api_command httpTrigger
api_desk httpTrigger
api_desks httpTrigger
api_form_response httpTrigger
api_health httpTrigger
api_openapi httpTrigger
api_quarantine httpTrigger
api_raw_mail httpTrigger
api_reconciliation httpTrigger
api_request httpTrigger
api_ticket httpTrigger
api_tickets httpTrigger
api_undelivered httpTrigger
api_undelivered_retry httpTrigger
api_undelivered_set_aside httpTrigger
apply_changed_rules timerTrigger
archive_closed timerTrigger
back_up_tables timerTrigger
client_ticket httpTrigger
client_ticket_attachment httpTrigger
client_ticket_reply httpTrigger
deliver_outbox queueTrigger
desk_board httpTrigger
desk_doctor httpTrigger
desk_flows httpTrigger
desk_forms httpTrigger
desk_forms_choose httpTrigger
desk_home httpTrigger
desk_list httpTrigger
desk_list_bulk httpTrigger
desk_quarantine httpTrigger
desk_quarantine_raw httpTrigger
desk_quarantine_release httpTrigger
desk_quarantine_take_in httpTrigger
desk_reports httpTrigger
desk_reports_file httpTrigger
desk_ticket httpTrigger
desk_ticket_change httpTrigger
desk_ticket_command httpTrigger
desk_ticket_live httpTrigger
desk_undelivered httpTrigger
desk_undelivered_banner httpTrigger
desk_undelivered_retry httpTrigger
desk_undelivered_set_aside httpTrigger
hook_azure_devops httpTrigger
hook_email_events httpTrigger
hook_graph httpTrigger
hook_jira httpTrigger
look_at_mailbox queueTrigger
measure_undelivered timerTrigger
my_requests httpTrigger
my_requests_list httpTrigger
my_requests_mail httpTrigger
poll_mailboxes timerTrigger
portal_form httpTrigger
portal_submit httpTrigger
reconcile_mail timerTrigger
renew_subscriptions timerTrigger
static_files httpTrigger
sweep_service_levels timerTrigger
sweep_undelivered timerTrigger
watch_connections timerTrigger
zz_portal_or_not_found httpTrigger
"""

INDEX = """
import json, sys
from pathlib import Path
from local.host import worker
app = Path.cwd()
sys.path.append(str(app))
found = worker.index(app)
print(json.dumps(sorted([f.name, f.bindings[0]["type"]] for f in found)))
"""
IMPORT = """
import json, sys
import function_app
print(json.dumps(sorted(sys.modules)))
"""


def ran(code: str) -> object:
    """What a fresh Python prints last, as JSON."""
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@cache
def modules() -> frozenset[str]:
    """What is loaded when function_app is imported."""
    found = ran(IMPORT)
    assert isinstance(found, list)
    return frozenset(found)


def test_the_runtime_finds_exactly_these_functions() -> None:
    wanted = [line.split() for line in FUNCTIONS.strip().splitlines()]
    assert ran(INDEX) == sorted(wanted)


def test_importing_the_app_loads_nothing_heavy() -> None:
    loaded = [name for name in modules() if name in HEAVY]
    assert loaded == []


def test_importing_the_app_loads_nothing_that_is_not_deployed() -> None:
    local = [name for name in modules() if name.partition(".")[0] in ("local", "tests", "pytest")]
    assert local == []
