"""Work item types, states and fields of the simulated process."""

STATES: dict[str, tuple[str, ...]] = {
    "Product Backlog Item": ("New", "Approved", "Committed", "Done", "Removed"),
    "Bug": ("New", "Approved", "Committed", "Done", "Removed"),
    "Feature": ("New", "In Progress", "Done", "Removed"),
    "Task": ("To Do", "In Progress", "Done", "Removed"),
    "Issue": ("To Do", "Doing", "Done"),
    "Support Request": ("New", "In Planning", "In Progress", "Resolved", "Closed"),
}

CATEGORY = {
    "New": "Proposed",
    "To Do": "Proposed",
    "Approved": "Proposed",
    "In Planning": "Proposed",
    "Committed": "InProgress",
    "In Progress": "InProgress",
    "Doing": "InProgress",
    "Resolved": "Resolved",
    "Done": "Completed",
    "Closed": "Completed",
    "Removed": "Removed",
}

COLOR = {
    "Proposed": "b2b2b2",
    "InProgress": "007acc",
    "Resolved": "ff9d00",
    "Completed": "339933",
    "Removed": "ffffff",
}

IDENTITY_FIELDS = frozenset(
    {"System.CreatedBy", "System.ChangedBy", "System.AssignedTo", "System.AuthorizedAs"}
)

READ_ONLY = frozenset(
    {
        "System.Id",
        "System.Rev",
        "System.CreatedBy",
        "System.CreatedDate",
        "System.ChangedBy",
        "System.ChangedDate",
        "System.AuthorizedAs",
        "System.TeamProject",
        "System.WorkItemType",
        "System.CommentCount",
        "System.Watermark",
    }
)

WRITABLE = frozenset(
    {
        "System.Title",
        "System.State",
        "System.Reason",
        "System.AreaPath",
        "System.IterationPath",
        "System.AssignedTo",
        "System.Description",
        "System.Tags",
        "System.History",
        "Microsoft.VSTS.Common.Priority",
        "Microsoft.VSTS.Common.Severity",
        "Microsoft.VSTS.Common.AcceptanceCriteria",
        "Microsoft.VSTS.Common.BacklogPriority",
        "Microsoft.VSTS.Common.BusinessValue",
        "Microsoft.VSTS.Common.ValueArea",
        "Microsoft.VSTS.Common.Activity",
        "Microsoft.VSTS.TCM.ReproSteps",
        "Microsoft.VSTS.TCM.SystemInfo",
        "Microsoft.VSTS.Scheduling.Effort",
        "Microsoft.VSTS.Scheduling.RemainingWork",
        "Microsoft.VSTS.Scheduling.DueDate",
        "Microsoft.VSTS.Scheduling.TargetDate",
        "Microsoft.VSTS.Build.FoundIn",
    }
)

_LIST_VALUES: dict[str, tuple[object, ...]] = {
    "Microsoft.VSTS.Common.Priority": (1, 2, 3, 4),
    "Microsoft.VSTS.Common.Severity": ("1 - Critical", "2 - High", "3 - Medium", "4 - Low"),
    "Microsoft.VSTS.Common.ValueArea": ("Architectural", "Business"),
}

_BY_FOLDED = {name.lower(): name for name in (*WRITABLE, *READ_ONLY)}


def type_name(spelled: str) -> str | None:
    """The type of that name, whatever its case; None when the process has no such type."""
    return next((name for name in STATES if name.lower() == spelled.lower()), None)


def field_name(spelled: str) -> str | None:
    """The reference name, whatever its case; custom fields pass, others unknown are None."""
    known = _BY_FOLDED.get(spelled.lower())
    if known is None and spelled.startswith("Custom.") and len(spelled) > len("Custom."):
        return spelled
    return known


def allows(field: str, value: object) -> bool:
    """Whether a field with a list of values takes this one."""
    allowed = _LIST_VALUES.get(field)
    return allowed is None or value in allowed or str(value) in map(str, allowed)
