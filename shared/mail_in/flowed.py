"""Joins the soft line breaks of format=flowed text (RFC 3676)."""


def unflow(text: str, *, delete_space: bool) -> str:
    """The paragraphs as their writer typed them; quote marks are kept, one per level."""
    out: list[str] = []
    open_depth = -1  # quote depth of the paragraph that still waits for its rest
    parts: list[str] = []
    for line in text.split("\n"):
        depth, content = _unquoted(line)
        soft = content.endswith(" ") and content != "-- "
        if parts and (depth != open_depth or content == "-- "):
            out.append(_quoted(open_depth, parts))
            parts = []
        parts.append(content[:-1] if soft and delete_space else content)
        open_depth = depth
        if not soft:
            out.append(_quoted(depth, parts))
            parts = []
    if parts:
        out.append(_quoted(open_depth, parts))
    return "\n".join(out)


def _unquoted(line: str) -> tuple[int, str]:
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")


def _quoted(depth: int, parts: list[str]) -> str:
    text = "".join(parts)
    mark = ">" * depth + " " if depth else ""
    return mark + (text if text == "-- " else text.rstrip(" "))
