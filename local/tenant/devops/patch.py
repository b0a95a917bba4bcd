"""JSON Patch as the work item API takes it: operations onto fields and relations."""

import re
from dataclasses import dataclass, field
from typing import Any

from local.tenant.core import Tenant
from local.tenant.devops import links, people, vocabulary
from local.tenant.devops.errors import VssError, rule_error

_RELATION = re.compile(r"/relations/(\d+)(?:/attributes/(\w+))?", re.IGNORECASE)
_WRITING = ("add", "replace")


@dataclass
class Draft:
    """A work item while a patch is applied to it; nothing is stored before all of it holds."""

    tenant: Tenant
    org: str
    id: int
    rev: int
    fields: dict[str, Any]
    relations: list[dict[str, Any]]
    history: str = ""
    _removed: list[int] = field(default_factory=list)

    def apply(self, operations: Any) -> None:
        if not isinstance(operations, list) or not operations:
            message = "You must pass a valid patch document in the body of the request."
            raise VssError(400, "VssPropertyValidationException", message)
        for step in operations:
            if not isinstance(step, dict) or not isinstance(step.get("path"), str):
                raise VssError(400, "PatchOperationFailedException", "A step needs op and path.")
            self._step(str(step.get("op")).lower(), step["path"], step.get("value"))
        kept = [r for at, r in enumerate(self.relations) if at not in self._removed]
        self.relations[:] = kept
        links.check(self.relations)

    def _step(self, op: str, path: str, value: Any) -> None:
        lowered = path.lower()
        if lowered in ("/rev", "/id"):
            self._test(op, path, self.rev if lowered == "/rev" else self.id, value)
        elif lowered.startswith("/fields/"):
            self._field(op, path, value)
        elif lowered == "/relations/-" and op == "add":
            self.relations.append(links.read(self.tenant, self.org, self.id, value))
        elif found := _RELATION.fullmatch(path):
            self._relation(op, int(found[1]), found[2], value)
        elif not lowered.startswith("/multilinefieldsformat/"):
            message = f"The path {path} is not valid for operation {op}."
            raise VssError(400, "PatchOperationFailedException", message)

    @staticmethod
    def _test(op: str, path: str, actual: object, value: Any) -> None:
        if op != "test":
            message = f"TF401326: Invalid field status 'ReadOnly' for field '{path}'."
            raise VssError(400, "RuleValidationException", message)
        if str(value) != str(actual):
            message = f"VS403351: Test Operation for path {path} failed. Expected {value}."
            raise VssError(412, "TestPatchOperationFailedException", message)

    def _field(self, op: str, path: str, value: Any) -> None:
        spelled = path[len("/fields/") :]
        name = vocabulary.field_name(spelled)
        if name is None:
            raise VssError(
                400, "WorkItemFieldInvalidException", f"TF51535: Cannot find field {spelled}."
            )
        if op == "test":
            self._test(op, path, self.fields.get(name, ""), value)
        elif name in vocabulary.READ_ONLY:
            message = f"TF401326: Invalid field status 'ReadOnly' for field '{name}'."
            raise VssError(400, "RuleValidationException", message)
        elif op == "remove":
            self.fields.pop(name, None)
        elif op in _WRITING:
            self._set(name, value, merge=op == "add")
        else:
            message = f"Operation {op} is not supported for {path}."
            raise VssError(400, "PatchOperationFailedException", message)

    def _set(self, name: str, value: Any, *, merge: bool) -> None:
        if name == "System.History":
            self.history = str(value or "")
        elif value is None or value == "":
            self.fields.pop(name, None)
        elif name == "System.Tags":
            before = self.fields.get(name, "") if merge else ""
            self.fields[name] = join_tags(before, str(value))
        elif name in vocabulary.IDENTITY_FIELDS:
            self.fields[name] = self._address(name, value)
        else:
            self.fields[name] = value

    def _address(self, name: str, value: Any) -> str:
        text = value.get("uniqueName", "") if isinstance(value, dict) else str(value)
        person = people.resolve(self.tenant, str(text))
        if person is None:
            label = name.rpartition(".")[2]
            message = f"The identity value '{text}' for field '{label}' is an unknown identity."
            raise VssError(400, "InvalidWorkItemFieldValueException", message)
        return person.email

    def _relation(self, op: str, at: int, attribute: str | None, value: Any) -> None:
        if at >= len(self.relations):
            message = f"Index out of range for path /relations/{at}."
            raise VssError(400, "PatchOperationFailedException", message)
        if op == "remove" and attribute is None:
            self._removed.append(at)
        elif op in _WRITING and attribute:
            relation = self.relations[at]
            attributes = {**relation["attributes"], attribute: value}
            self.relations[at] = {**relation, "attributes": attributes}
        elif op != "test":
            message = f"Operation {op} is not supported for /relations/{at}."
            raise VssError(400, "PatchOperationFailedException", message)


def split_tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(";") if tag.strip()]


def join_tags(before: str, added: str) -> str:
    """Tags are a set whatever their case; the first spelling stays. Joined with ``; ``."""
    tags: dict[str, str] = {}
    for tag in split_tags(before) + split_tags(added):
        if len(tag) > 400:
            raise rule_error("System.Tags", "InvalidTooLong")
        tags.setdefault(tag.lower(), tag)
    return "; ".join(tags.values())
