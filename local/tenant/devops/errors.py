"""Azure DevOps' error answers: one exception that carries status, message and type key."""

from starlette.responses import HTMLResponse, JSONResponse, Response

_SIGN_IN = """<!DOCTYPE html><html lang="en"><head><title>Sign in to your account</title></head>
<body><h1>Azure DevOps Services | Sign In</h1><p>Sign in to continue.</p></body></html>"""


class VssError(Exception):
    """A refusal as Azure DevOps words it; `type_key` is what its clients switch on."""

    def __init__(self, status: int, type_key: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.type_key = type_key
        self.message = message

    def answer(self) -> Response:
        return JSONResponse(
            {
                "$id": "1",
                "innerException": None,
                "message": self.message,
                "typeName": f"Microsoft.TeamFoundation.WorkItemTracking.{self.type_key}",
                "typeKey": self.type_key,
                "errorCode": 0,
                "eventId": 3200,
            },
            status_code=self.status,
        )


def rule_error(field: str, code: str) -> VssError:
    """A field's value breaks a rule of its work item type."""
    name = field.rpartition(".")[2]
    message = f"TF401320: Rule Error for field {name}. Error code: {code}."
    return VssError(400, "RuleValidationException", message)


def not_found(item_id: object) -> VssError:
    message = (
        f"TF401232: Work item {item_id} does not exist, or you do not have permissions to read it."
    )
    return VssError(404, "WorkItemUnauthorizedAccessException", message)


def sign_in_page() -> Response:
    """What an expired or missing credential really gets: a page with a success status."""
    return HTMLResponse(_SIGN_IN, status_code=203)
