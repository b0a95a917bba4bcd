"""Four eyes: no production change counts unless a second person approved exactly that script."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Forbidden, Invalid
from shared.domain.people import Role
from shared.domain.rules.case import Case, Events
from shared.domain.sql_check import Finding, check_script, is_dialect, script_sha256
from shared.domain.ticket import (
    Application,
    Approval,
    Change,
    ChangeState,
    ScriptFinding,
    Verification,
)
from shared.domain.words import counted, say

_EDITABLE = frozenset({ChangeState.DRAFT, ChangeState.VERIFIED, ChangeState.APPROVED,
                       ChangeState.REJECTED})  # fmt: skip


def _documented(text: str) -> ev.Noted:
    return ev.Noted(text=text, automatic=True)


def _writer(case: Case) -> None:
    """Changes are made while the ticket is worked: what has ended has none under way."""
    case.needs_role(Role.STAFF, Role.LEAD, Role.DEVELOPER, what="working on a data change")
    if case.state.has_ended:
        raise FlowForbids(f"{case.ticket.number} has ended; reopen it first")


def _takes_changes(case: Case) -> None:
    case.needs_flow()
    if not case.type.data_changes:
        raise FlowForbids(f"tickets of type {case.type_name} take no data change")


def _find(case: Case, change_id: str) -> Change:
    for change in case.ticket.changes:
        if change.id == change_id:
            return change
    known = ", ".join(c.id for c in case.ticket.changes) or "none"
    raise Invalid.of("change", f"no change {change_id!r} on this ticket; there are: {known}")


def _check(command: cm.DraftChange) -> list[Finding]:
    if not is_dialect(command.dialect):
        raise Invalid.of("dialect", f"{command.dialect!r} is no SQL dialect known here")
    found = check_script(command.script, command.dialect)
    back = check_script(command.rollback, command.dialect)
    for field, findings in (("script", found), ("rollback", back)):
        refused = [f for f in findings if f.refused]
        if refused:
            raise Invalid.of(field, refused[0].message)
    return found


def _drafted(
    case: Case, command: cm.DraftChange, change_id: str, earlier: frozenset[str] = frozenset()
) -> Change:
    """The draft of this person; `earlier`: who wrote some of it before."""
    reason = command.lint_override_reason
    findings = tuple(
        ScriptFinding(
            code=f.code, statement=f.statement, message=f.message, overridden=bool(reason)
        )
        for f in _check(command)
    )
    return Change(
        id=change_id,
        title=command.title,
        target=command.target,
        dialect=command.dialect,
        script=command.script,
        rollback=command.rollback,
        expected_rows=command.expected_rows,
        state=ChangeState.DRAFT,
        author=case.actor.email,
        written_by=tuple(sorted(earlier | {case.actor.email})),
        script_sha256=script_sha256(
            command.script, command.rollback, command.target, command.dialect
        ),
        lint_override_reason=reason,
        findings=findings,
    )


def draft_change(case: Case, command: cm.DraftChange) -> Events:
    """A new change, checked; a refused script changes nothing."""
    _writer(case)
    _takes_changes(case)
    change = _drafted(case, command, f"C{len(case.ticket.changes) + 1}")
    text = f"Data change {change.id} drafted: {change.title} (target {change.target})"
    text += _found_in(change)
    return [ev.ChangeDrafted(change=change), _documented(text)]


def edit_change(case: Case, command: cm.EditChange) -> Events:
    """Another draft. Earlier runs and approvals belong to another script and are void."""
    _writer(case)
    _takes_changes(case)
    old = _find(case, command.change)
    if old.state not in _EDITABLE:
        raise FlowForbids(f"{old.id} is {old.state.value}; draft a new change")
    change = _drafted(case, command, old.id, old.writers)
    text = f"Data change {change.id} edited; earlier runs and approval are void"
    text += _found_in(change)
    return [ev.ChangeDrafted(change=change, edited=True), _documented(text)]


def _found_in(change: Change) -> str:
    """What the check found, and why its author goes on all the same."""
    if not change.findings:
        return ""
    codes = ", ".join(f.code for f in change.findings)
    reason = change.lint_override_reason
    return f". Found: {codes}; " + (f"overridden: {reason}" if reason else "to be mended")


def verify_change(case: Case, command: cm.VerifyChange) -> Events:
    """A run outside production. Findings that nobody answered for stop it."""
    _writer(case)
    change = _find(case, command.change)
    case.known("environment", command.environment, case.desk.environment_by_id)
    rehearsals = case.desk.rehearsals
    if command.environment not in rehearsals:
        names = case.desk.environment_by_id
        where = " or ".join(say(names[each].name, "en") for each in rehearsals)
        raise Invalid.of("environment", f"the run before production is made on {where}")
    if change.state not in (ChangeState.DRAFT, ChangeState.VERIFIED):
        raise FlowForbids(f"{change.id} is {change.state.value}; edit it to run it again")
    open_findings = [f.code for f in change.findings if not f.overridden]
    if open_findings:
        raise FlowForbids(f"{change.id} has open findings: {', '.join(open_findings)}; edit it")
    run = Verification(
        environment=command.environment,
        by=case.actor.email,
        at=case.now,
        rows=command.rows,
        outcome=command.outcome,
        note=command.note,
    )
    said = "had the desired effect" if run.outcome == "as_expected" else "did NOT have the effect"
    text = (
        f"Data change {change.id} ran on {run.environment}: {counted(run.rows, 'row')} "
        f"({change.expected_rows} expected), {said}. Script {change.script_sha256[:12]}. {run.note}"
    ).rstrip()
    return [ev.ChangeVerified(change=change.id, verification=run), _documented(text)]


def _second_person(case: Case, change: Change) -> None:
    case.needs_role(Role.STAFF, Role.LEAD, Role.DEVELOPER, what="checking a data change")
    if case.actor.email in change.writers:
        raise Forbidden("four eyes: whoever wrote some of it cannot be the second person")


def _last_run_is_good(change: Change) -> bool:
    return bool(change.verifications) and change.verifications[-1].outcome == "as_expected"


def approve_change(case: Case, command: cm.ApproveChange) -> Events:
    """The second person's word, for exactly this script, after a good run."""
    change = _find(case, command.change)
    _second_person(case, change)
    _writer(case)
    if change.state is not ChangeState.VERIFIED or not _last_run_is_good(change):
        raise FlowForbids(f"{change.id} is {change.state.value}; it needs a good run first")
    _same_script(change, command.script_sha256)
    if any(f.overridden for f in change.findings) and not command.accept_findings:
        raise Invalid.of("accept_findings", "findings were overridden: accept them explicitly")
    approval = Approval(by=case.actor.email, at=case.now, script_sha256=change.script_sha256)
    text = f"Data change {change.id} approved by {case.actor.email} (script {change.script_sha256})"
    text += _found_in(change).replace("overridden:", "accepted, overridden with the reason:")
    return [ev.ChangeApproved(change=change.id, approval=approval), _documented(text)]


def reject_change(case: Case, command: cm.RejectChange) -> Events:
    """The second person refuses; the author may withdraw it the same way."""
    case.needs_role(Role.STAFF, Role.LEAD, Role.DEVELOPER, what="working on a data change")
    case.needs_open()
    change = _find(case, command.change)
    if change.state in (ChangeState.APPLIED, ChangeState.REJECTED):
        raise FlowForbids(f"{change.id} is {change.state.value}")
    text = f"Data change {change.id} rejected: {command.reason}"
    return [ev.ChangeRejected(change=change.id, reason=command.reason), _documented(text)]


def apply_change(case: Case, command: cm.ApplyChange) -> Events:
    """The run in production, recorded with the rows it touched."""
    _writer(case)
    change = _find(case, command.change)
    if change.state is not ChangeState.APPROVED or change.approval is None:
        raise FlowForbids(f"{change.id} is {change.state.value}; it must be approved first")
    _same_script(change, command.script_sha256)
    if change.approval.script_sha256 != change.script_sha256:
        raise FlowForbids(f"the approval of {change.id} is for another script")
    done = Application(by=case.actor.email, at=case.now, rows=command.rows, note=command.note)
    right = "as expected" if done.rows == change.expected_rows else "NOT AS EXPECTED"
    text = (
        f"Data change {change.id} applied in production by {done.by}: "
        f"{counted(done.rows, 'row')}, {change.expected_rows} expected ({right}). "
        f"Second person: {change.approval.by}. {done.note}"
    ).rstrip()
    return [ev.ChangeApplied(change=change.id, application=done), _documented(text)]


def _same_script(change: Change, sha256: str) -> None:
    if sha256 != change.script_sha256:
        raise FlowForbids(f"{change.id} has another script now; read it again")


def refresh_preprod(case: Case, command: cm.RefreshPreprod) -> Events:
    """Asks for the latest production data on pre-production."""
    del command
    _writer(case)
    if case.desk.preprod_build is None:
        raise FlowForbids(f"{case.desk_name} has no job that refreshes pre-production")
    _takes_changes(case)
    job = case.desk.preprod_build.job
    return [ev.BuildAsked(job=job), _documented(f"Refresh of pre-production asked for: {job}")]
