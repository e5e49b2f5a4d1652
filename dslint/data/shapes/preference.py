"""The shapes of rated answers: `preference` (a better and a worse one) and `kto` (one, rated)."""

from __future__ import annotations

from typing import Any

from dslint.data.shapes.messages import (
    ANSWER_FIELDS,
    MESSAGE_FIELDS,
    PROMPT_FIELDS,
    Dialogue,
    Utterance,
    answer_of,
    conversation_of,
    has_prompt,
    prompt_of,
    read_message,
    role_of,
    system_of,
)
from dslint.model import ShapeProblem

_SIDES = (
    ("chosen", "rejected"),
    ("chosen_messages", "rejected_messages"),
    ("preferred_output", "non_preferred_output"),
)
_ROLES: frozenset[str | None] = frozenset(
    {"system", "developer", "user", "assistant", "tool", "rejected"}
)


class Preference(Dialogue):
    """A prompt with a chosen and a rejected answer, as in TRL, LLaMA-Factory and OpenAI.

    Each answer is a string, a message, or a list of messages. Where both sides are full
    conversations, their common prompt (TRL's implicit prompt) is read once, from the chosen side.
    """

    name = "preference"
    roles = _ROLES

    def fits(self, value: object) -> bool:
        """Return whether a record has both sides."""
        return type(value) is dict and any(good in value and bad in value for good, bad in _SIDES)

    def utterances(self, value: dict[str, Any], problems: list[ShapeProblem]) -> list[Utterance]:
        """Return the prompt, the chosen answer (the target), and the rejected answer."""
        good, bad = next(
            (names for names in _SIDES if names[0] in value or names[1] in value), _SIDES[0]
        )
        chosen, rejected = value.get(good), value.get(bad)
        shared = _shared(chosen, rejected)
        utterances = (
            system_of(value)
            if has_prompt(chosen)
            else prompt_of(value, problems, required=type(chosen) is not str)
        )
        _add_side(chosen, good, shared, utterances, problems, rejected=False)
        _add_side(rejected, bad, shared, utterances, problems, rejected=True)
        return utterances


def _shared(chosen: Any, rejected: Any) -> int:
    """Return how many leading messages both sides share; the last message is never the prompt."""
    if type(chosen) is not list or type(rejected) is not list:
        return 0
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    return shared


def _add_side(
    side: Any,
    name: str,
    shared: int,
    utterances: list[Utterance],
    problems: list[ShapeProblem],
    *,
    rejected: bool,
) -> None:
    role = "rejected" if rejected else "assistant"
    if type(side) is str or (type(side) is dict and role_of(side) in (None, "assistant")):
        utterances.append((f"/{name}", side, role, not rejected))
    elif type(side) is dict:
        problems.append(ShapeProblem(f"/{name}", f"`{name}` is not an assistant message"))
    elif type(side) is list and side:
        if role_of(side[-1]) not in (None, "assistant"):
            problems.append(
                ShapeProblem(
                    f"/{name}/{len(side) - 1}", f"`{name}` does not end with an assistant message"
                )
            )
        for number, message in enumerate(side):
            where = f"/{name}/{number}"
            if not rejected:
                utterances.append((where, message, role, number >= shared))
            elif number >= shared and role_of(message) == "assistant":
                utterances.append((where, message, role, False))
            else:
                read_message(message, where, [], problems)
    else:
        problems.append(
            ShapeProblem(
                "" if side is None else f"/{name}",
                f"`{name}` is missing, empty, or neither text nor messages",
            )
        )


class Kto(Dialogue):
    """An answer with a boolean rating.

    Either prompt, completion and `label` (TRL), or a conversation with `kto_tag` or `label`
    (LLaMA-Factory).
    """

    name = "kto"
    roles = _ROLES

    def fits(self, value: object) -> bool:
        """Return whether a record has an answer and a boolean rating of it."""
        if type(value) is not dict:
            return False
        if "kto_tag" not in value and type(value.get("label")) is not bool:
            return False
        return any(type(value.get(name)) is list for name in MESSAGE_FIELDS) or (
            any(name in value for name in ANSWER_FIELDS)
            and any(name in value for name in PROMPT_FIELDS)
        )

    def utterances(self, value: dict[str, Any], problems: list[ShapeProblem]) -> list[Utterance]:
        """Return the prompt, and the answer as a target or as rejected."""
        tag = "kto_tag" if "kto_tag" in value else "label"
        verdict = value.get(tag)
        if type(verdict) is not bool:
            problems.append(
                ShapeProblem(
                    f"/{tag}" if tag in value else "", f"`{tag}` is missing or not a boolean"
                )
            )
        good = verdict is True
        role = "assistant" if good else "rejected"
        if not any(name in value for name in ANSWER_FIELDS):
            for name in MESSAGE_FIELDS:
                if type(value.get(name)) is list and value[name]:
                    return [
                        *system_of(value),
                        *conversation_of(value[name], f"/{name}", role, target=good),
                    ]
        answer = answer_of(value, ANSWER_FIELDS, role, problems, target=good)
        prompt = (
            system_of(value) if has_prompt(value.get("completion")) else prompt_of(value, problems)
        )
        return [*prompt, *answer]
