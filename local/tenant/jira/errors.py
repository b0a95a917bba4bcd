"""Jira's error answers: an ErrorCollection with messages or with one message per field."""

from starlette.responses import JSONResponse, Response


class JiraError(Exception):
    """A refusal as Jira words it."""

    def __init__(self, status: int, *messages: str, errors: dict[str, str] | None = None) -> None:
        super().__init__(*messages)
        self.status = status
        self.messages = list(messages)
        self.errors = errors or {}

    def answer(self) -> Response:
        body = {"errorMessages": self.messages, "errors": self.errors}
        return JSONResponse(body, status_code=self.status)


def issue_not_found() -> JiraError:
    return JiraError(404, "Issue does not exist or you do not have permission to see it.")
