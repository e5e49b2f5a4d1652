"""Messages in both notations, and the base of the shapes made of messages and plain strings.

The notations are `role`/`content` and `from`/`value`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from dslint.data.shapes import chat, sharegpt
from dslint.model import ShapeProblem, Text, Turn

PROMPT_FIELDS = ("prompt", "instruction", "question", "query", "input")
ANSWER_FIELDS = ("completion", "response", "answer", "output")
MESSAGE_FIELDS = ("messages", "conversations", "conversation")
_EXTRA_FIELDS = {
    "instruction": ("input", "context"),
    "question": ("context",),
    "prompt": ("context",),
}
"""Further fields that are part of the same prompt."""

Utterance = tuple[str, Any, str, bool]
"""Field, a string or a message, role, and whether it is a target.

In a message, the role and the target apply to assistant text only.
"""


class Dialogue(ABC):
    """A shape that reads a record as a list of utterances, from which texts and turns are made."""

    @abstractmethod
    def utterances(self, value: dict[str, Any], problems: list[ShapeProblem]) -> list[Utterance]:
        """Return the utterances in order, and add what is wrong with the record to `problems`."""

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts of a record, and the problems found."""
        if type(value) is not dict:
            return [], [ShapeProblem("", "the record is not an object")]
        texts: list[Text] = []
        problems: list[ShapeProblem] = []
        for field, content, role, target in self.utterances(value, problems):
            if type(content) is str:
                texts.append(Text(field, role, content, target))
            else:
                _read(content, field, role, texts, problems, target=target)
        return texts, problems

    def turns(self, value: Any) -> list[Turn]:
        """Return the turns; adjacent strings of one speaker are one turn."""
        turns: list[Turn] = []
        joined = False
        for field, content, role, target in self.utterances(value, []):
            if type(content) is not str:
                turns.append(_turn(content, field, role, target=target))
                joined = False
                continue
            blank = not content or content.isspace()
            if joined and turns[-1].role == role == "user":
                turns[-1] = Turn(turns[-1].field, role, target, False, blank and turns[-1].blank)
            else:
                turns.append(Turn(field, role, target, False, blank))
            joined = True
        return turns


def _read(
    message: Any,
    where: str,
    role: str,
    texts: list[Text],
    problems: list[ShapeProblem],
    *,
    target: bool,
) -> None:
    first = len(texts)
    read_message(message, where, texts, problems)
    for number in range(first, len(texts)):
        text = texts[number]
        if text.role == "assistant" and (text.target is not target or role != "assistant"):
            texts[number] = Text(text.field, role, text.text, target)


def _turn(message: Any, where: str, role: str, *, target: bool) -> Turn:
    turn = sharegpt.turn_of(message, where) if "from" in message else chat.turn_of(message, where)
    return Turn(where, role, target, turn.calls, turn.blank) if turn.role == "assistant" else turn


def read_message(message: Any, where: str, texts: list[Text], problems: list[ShapeProblem]) -> None:
    """Read one message in either notation, adding to `texts` and `problems`."""
    if type(message) is dict and "from" in message:
        sharegpt.read_message(message, where, texts, problems)
    else:
        chat.read_message(message, where, texts, problems)


def role_of(message: Any) -> str | None:
    """Return the role of a message, or None if it has no known one."""
    if type(message) is not dict:
        return None
    if "from" in message:
        return sharegpt.role_named(message["from"])
    role = message.get("role")
    return role if type(role) is str and role in chat.ROLES else None


def is_messages(value: Any) -> bool:
    """Return whether a value is a list that contains a message."""
    return type(value) is list and any(
        type(message) is dict and ("role" in message or "from" in message) for message in value
    )


def has_prompt(messages: Any) -> bool:
    """Return whether a list of messages starts with its own prompt: a user or system message."""
    return (
        type(messages) is list
        and bool(messages)
        and role_of(messages[0]) in ("user", "system", "developer")
    )


def context(messages: list[Any], where: str) -> list[Utterance]:
    """Return messages as context: they are read, but not learned."""
    return [
        (f"{where}/{number}", message, "assistant", False)
        for number, message in enumerate(messages)
    ]


def conversation_of(messages: list[Any], where: str, role: str, *, target: bool) -> list[Utterance]:
    """Return a conversation: what follows the last user message is the answer, the rest context."""
    last = max(
        (number for number, message in enumerate(messages) if role_of(message) == "user"),
        default=-1,
    )
    return [
        (f"{where}/{number}", message, role, target)
        if number > last
        else (f"{where}/{number}", message, "assistant", False)
        for number, message in enumerate(messages)
    ]


def system_of(value: dict[str, Any]) -> list[Utterance]:
    """Return the system prompt from a field of its own."""
    return [
        (f"/{name}", value[name], "system", False)
        for name in ("system", "system_prompt")
        if type(value.get(name)) is str and value[name]
    ]


def prompt_of(
    value: dict[str, Any], problems: list[ShapeProblem], *, required: bool = True
) -> list[Utterance]:
    """Return system prompt, history and prompt, from the first usual field that is present."""
    for name in PROMPT_FIELDS:
        prompt = value.get(name)
        if type(prompt) is str:
            extra = [
                key
                for key in _EXTRA_FIELDS.get(name, ())
                if type(value.get(key)) is str and value[key]
            ]
            return [
                *system_of(value),
                *history_of(value, problems),
                (f"/{name}", prompt, "user", False),
                *[(f"/{key}", value[key], "user", False) for key in extra],
            ]
        if type(prompt) is list:
            return [*system_of(value), *context(prompt, f"/{name}")]
        if type(prompt) is dict and type(prompt.get("messages")) is list:
            return [*system_of(value), *context(prompt["messages"], f"/{name}/messages")]
        if name in value:
            problems.append(
                ShapeProblem(f"/{name}", f"`{name}` is neither text nor a list of messages")
            )
            return []
    for name in MESSAGE_FIELDS:
        if type(value.get(name)) is list:
            return [*system_of(value), *context(value[name], f"/{name}")]
    if required:
        problems.append(ShapeProblem("", "the record has no prompt"))
    return system_of(value)


def history_of(
    value: dict[str, Any], problems: list[ShapeProblem], *, target: bool = False
) -> list[Utterance]:
    """Return earlier turns, which are given as [user, assistant] pairs."""
    history = value.get("history")
    if not history:
        return []
    utterances: list[Utterance] = []
    for number, pair in enumerate(history if type(history) is list else [history]):
        if type(pair) is list and len(pair) == 2 and type(pair[0]) is str and type(pair[1]) is str:
            utterances.append((f"/history/{number}/0", pair[0], "user", False))
            utterances.append((f"/history/{number}/1", pair[1], "assistant", target))
        else:
            problems.append(
                ShapeProblem(
                    f"/history/{number}" if type(history) is list else "/history",
                    "the history is not a list of [user, assistant] pairs",
                )
            )
    return utterances


def answer_of(
    value: dict[str, Any],
    names: tuple[str, ...],
    role: str,
    problems: list[ShapeProblem],
    *,
    target: bool = True,
) -> list[Utterance]:
    """Return the answer from the first of these fields that is present: a string or messages."""
    name = next((name for name in names if name in value), None)
    if name is None:
        problems.append(ShapeProblem("", f"the record has no answer: none of {', '.join(names)}"))
        return []
    answer = value[name]
    if type(answer) is str:
        return [(f"/{name}", answer, role, target)]
    if type(answer) is dict:
        return [(f"/{name}", answer, role, target)]
    if type(answer) is list and answer:
        return conversation_of(answer, f"/{name}", role, target=target)
    problems.append(
        ShapeProblem(
            f"/{name}",
            f"`{name}` is empty"
            if answer == []
            else f"`{name}` is neither text nor a list of messages",
        )
    )
    return []
