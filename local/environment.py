"""The app settings of a local run: the same names as on Azure, with local addresses."""

from __future__ import annotations

from pathlib import Path

LINK_KEY = "local-link-key-that-protects-nothing-0123456789"
HOOK_USER, HOOK_PASSWORD, JIRA_SECRET = "docket", "local", "local"


def app_settings(*, public_url: str, tenant_url: str, storage: str, data: Path) -> dict[str, str]:
    """Environment of the function app: `storage` is a connection string."""
    return {
        "AzureWebJobsStorage": storage,
        "DocketStorage": storage,
        # Otherwise the host's own page stands at / (Core Tools and Azure alike).
        "AzureWebJobsDisableHomepage": "true",
        "DOCKET_STORAGE_CONNECTION": storage,
        "DOCKET_PUBLIC_URL": public_url,
        "DOCKET_LINK_KEY": LINK_KEY,
        "DOCKET_LOGIN_PATH": "/.auth/login/local",
        "DOCKET_GRAPH_URL": f"{tenant_url}/graph/v1.0",
        "DOCKET_GRAPH_TOKEN": "application",
        "DOCKET_TEAMS_TOKEN": "delegated",
        "DOCKET_ACS_ENDPOINT": f"{tenant_url}/acs",
        "DOCKET_ACS_KEY": "bG9jYWw=",
        "DOCKET_ACS_SENDER": "donotreply@docket.example",
        "DOCKET_DEVOPS_URL": f"{tenant_url}/azure-devops",
        "DOCKET_DEVOPS_TOKEN": "local",
        "DOCKET_DEVOPS_IDENTITY": "Docket",
        "DOCKET_JIRA_URL": f"{tenant_url}/jira",
        "DOCKET_JIRA_USER": "docket@example.org",
        "DOCKET_JIRA_TOKEN": "local",
        "DOCKET_JENKINS_URL": f"{tenant_url}/jenkins",
        "DOCKET_JENKINS_USER": "docket",
        "DOCKET_JENKINS_TOKEN": "local",
        "DOCKET_WORKFLOW_URLS": f'{{"support": "{tenant_url}/workflows/support?sig=local"}}',
        "DOCKET_HOOK_USER": HOOK_USER,
        "DOCKET_HOOK_PASSWORD": HOOK_PASSWORD,
        "DOCKET_JIRA_SECRET": JIRA_SECRET,
        "DOCKET_GRAPH_STATE": "local-client-state",
        "DOCKET_CLOCK_FILE": str(data / "clock.json"),
        "DOCKET_FORM_URLS": f"{tenant_url}/forms",
    }
