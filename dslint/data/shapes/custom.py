"""The shape `custom`: the owners say which fields hold the texts of which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dslint.helpers.pointers import lookup, pointer_of
from dslint.model import ShapeProblem, Text, Turn

ROLES = ("system", "developer", "user", "assistant", "tool", "text", "rejected")
"""Roles that a configuration may give texts to, in the order in which they are read."""
_TARGETS = ("assistant", "text")
_OPTIONAL = ("system", "developer", "tool")


@dataclass(frozen=True)
class Custom:
    """Texts by role, from column paths (`answer`, `meta.answer`, or a JSON pointer) to a string or a list of strings.

    Of the paths of a role at least one must hold a text; system, developer and tool texts may be absent.
    """

    name: ClassVar[str] = "custom"

    texts: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, texts: Mapping[str, tuple[str, ...]]) -> Custom:
        """Return the shape for a mapping from roles to paths, read in the order of a conversation."""
        return cls(tuple((role, texts[role]) for role in ROLES if role in texts))

    @property
    def roles(self) -> frozenset[str | None]:
        """The roles that are mapped."""
        return frozenset(role for role, _ in self.texts)

    def fits(self, value: object) -> bool:
        """Say whether a record has all texts that it must have."""
        return not self.read(value)[1]

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts, and which are missing or none."""
        texts: list[Text] = []
        problems: list[ShapeProblem] = []
        for role, paths in self.texts:
            target, found = role in _TARGETS, len(texts)
            for path in paths:
                said = lookup(value, path)
                if type(said) is str:
                    texts.append(Text(pointer_of(value, path), role, said, target))
                elif type(said) is list and all(type(item) is str for item in said):
                    where = pointer_of(value, path)
                    texts.extend(
                        Text(f"{where}/{number}", role, item, target)
                        for number, item in enumerate(said)
                    )
                elif said is not None:
                    problems.append(
                        ShapeProblem(
                            pointer_of(value, path),
                            "the text is neither a string nor a list of strings",
                        )
                    )
            if found == len(texts) and role not in _OPTIONAL and not problems:
                problems.append(
                    ShapeProblem("", f"no {role} text: nothing at {' or '.join(paths)}")
                )
        return texts, problems

    def turns(self, value: Any) -> list[Turn]:
        """Return a turn for each role of a conversation; several fields of one role are one turn."""
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
