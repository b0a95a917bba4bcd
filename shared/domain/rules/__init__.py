"""The rules: what a command does to a ticket, or why it may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.domain import commands as cm
from shared.domain.rules import (
    changes,
    conversation,
    merging,
    moving,
    outside,
    thirdline,
    timing,
    triage,
)
from shared.domain.rules.case import Case, Events

_RULES: dict[type, Callable[[Case, Any], Events]] = {
    cm.Reply: conversation.reply,
    cm.Note: conversation.note,
    cm.Watch: conversation.watch,
    cm.Unwatch: conversation.unwatch,
    cm.Seen: conversation.seen,
    cm.LinkTicket: conversation.link,
    cm.Merge: merging.merge,
    cm.TakeOver: merging.take_over,
    cm.LinkedFrom: conversation.linked_from,
    cm.Move: moving.move,
    cm.Assign: moving.assign,
    cm.SetType: moving.set_type,
    cm.SetSeverity: moving.set_severity,
    cm.SetEnvironment: moving.set_environment,
    cm.AskTeam: triage.ask_team,
    cm.Opine: triage.opine,
    cm.Decide: triage.decide_triage,
    cm.DraftChange: changes.draft_change,
    cm.EditChange: changes.edit_change,
    cm.VerifyChange: changes.verify_change,
    cm.ApproveChange: changes.approve_change,
    cm.RejectChange: changes.reject_change,
    cm.ApplyChange: changes.apply_change,
    cm.RefreshPreprod: changes.refresh_preprod,
    cm.AcceptForSprint: thirdline.accept_for_sprint,
    cm.Rank: thirdline.rank,
    cm.PullNext: thirdline.pull_next,
    cm.MarkDeployed: thirdline.mark_deployed,
    cm.TimePassed: timing.time_passed,
    cm.ItemCreated: outside.item_created,
    cm.ThreadStarted: outside.thread_started,
    cm.ThreadAnswered: outside.thread_answered,
    cm.ItemReported: outside.item_reported,
    cm.BuildReported: outside.build_reported,
    cm.DeliveryFailed: outside.delivery_failed,
    cm.Remark: outside.remark,
}


def decide(case: Case, command: cm.Command) -> Events:
    """The events that the command brings about; none when nothing changes.

    Pure: the same case and command give the same events. Raises a Refused with the reason.
    """
    return _RULES[type(command)](case, command)
