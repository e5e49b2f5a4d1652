"""The shape `custom`: the configuration names the fields that hold the texts of each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dslint.helpers.pointers import lookup, pointer_of
from dslint.model import ShapeProblem, Text, Turn

ROLES = ("system", "developer", "user", "assistant", "tool", "text", "rejected")
"""Roles that a configuration can map, in reading order."""
_TARGETS = ("assistant", "text")
_OPTIONAL = ("system", "developer", "tool")


@dataclass(frozen=True)
class Custom:
    """Texts by role, each role with the column paths of its texts.

    A path (`answer`, `meta.answer`, or a JSON pointer) leads to a string or a list of strings.
    At least one path of each role must hold a text, except for system, developer and tool.
    """

    name: ClassVar[str] = "custom"

    texts: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, texts: Mapping[str, tuple[str, ...]]) -> Custom:
        """Return the shape for a mapping from roles to paths, in conversation order."""
        return cls(tuple((role, texts[role]) for role in ROLES if role in texts))

    @property
    def roles(self) -> frozenset[str | None]:
        """The mapped roles."""
        return frozenset(role for role, _ in self.texts)

    def fits(self, value: object) -> bool:
        """Return whether a record has all required texts."""
        return not self.read(value)[1]

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts, and a problem for each that is missing or not a string."""
        texts: list[Text] = []
        problems: list[ShapeProblem] = []
        for role, paths in self.texts:
            target, found = role in _TARGETS, len(texts)
            for path in paths:
                content = lookup(value, path)
                if type(content) is str:
                    texts.append(Text(pointer_of(value, path), role, content, target))
                elif type(content) is list and all(type(item) is str for item in content):
                    where = pointer_of(value, path)
                    texts.extend(
                        Text(f"{where}/{number}", role, item, target)
                        for number, item in enumerate(content)
                    )
                elif content is not None:
                    problems.append(
                        ShapeProblem(
                            pointer_of(value, path),
                            "the text is neither a string nor a list of strings",
                        )
                    )
            if found == len(texts) and role not in _OPTIONAL and not problems:
                problems.append(ShapeProblem("", f"no {role} text at {' or '.join(paths)}"))
        return texts, problems

    def turns(self, value: Any) -> list[Turn]:
        """Return the turns; adjacent fields of the same role are one turn."""
        turns: list[Turn] = []
        for text in self.read(value)[0]:
            blank = not text.text or text.text.isspace()
            if turns and turns[-1].role == text.role:
                turns[-1] = Turn(
                    turns[-1].field, turns[-1].role, text.target, False, blank and turns[-1].blank
                )
            elif text.role is not None and text.role != "text":
                turns.append(Turn(text.field, text.role, text.target, False, blank))
        return turns
