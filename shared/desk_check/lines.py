"""YAML with the line of every field, and keys that are given twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from shared.config import yaml_loader
from shared.desk_check.found import Place, Problem


@dataclass
class Source:
    """A desk's file as data, with the line (from 1) of each place in it."""

    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """The line of the place, or of the nearest thing around it that exists."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_source(text: str) -> Source:
    """Reads one document. A syntax mistake is a problem like others, at its own line."""
    source = Source()
    loader: Any = yaml_loader()(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            _walk(node, (), source)
            source.data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.count("\n") + 1  # a mark may lie behind the end
        source.lines[()] = min(mark.line + 1, last) if mark else 1
        source.problems.append(Problem((), f"this is no YAML: {_why(error)}"))
    except yaml.YAMLError as error:  # characters that YAML does not allow
        source.problems.append(Problem((), f"this is no YAML: {error}"))
    finally:
        loader.dispose()
    return source


def _why(error: yaml.MarkedYAMLError) -> str:
    said = " ".join(part for part in (error.context, error.problem) if part)
    if "mapping values are not allowed" in said:
        return said + " (put a text that holds ': ' in quotes)"
    return said


def _walk(node: yaml.Node, place: Place, source: Source) -> None:
    source.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        _walk_mapping(node, place, source)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _walk(item, (*place, number), source)


def _walk_mapping(node: yaml.MappingNode, place: Place, source: Source) -> None:
    for key, value in node.value:
        here = (*place, str(key.value))
        if here in source.lines:
            line = key.start_mark.line + 1
            message = f"given twice; line {source.lines[here]} has it first"
            source.problems.append(Problem(here, message, line))
            continue
        source.lines[here] = key.start_mark.line + 1
        _walk(value, here, source)
