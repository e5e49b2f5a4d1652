"""Messages in either notation, `role`/`content` and `from`/`value`, and the shapes that are built of them and of plain strings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from dslint.data.shapes import chat, sharegpt
from dslint.model import ShapeProblem, Text, Turn

PROMPT_FIELDS = ("prompt", "instruction", "question", "query", "input")
ANSWER_FIELDS = ("completion", "response", "answer", "output")
MESSAGE_FIELDS = ("messages", "conversations", "conversation")
_BESIDES = {"instruction": ("input", "context"), "question": ("context",), "prompt": ("context",)}
"""Fields that belong to the same prompt."""

Said = tuple[str, Any, str, bool]
"""Field, a string or a message, role, and whether it is a target. Of a message only assistant's words take that role and target."""


class Dialogue(ABC):
    """A shape whose records come down to a list of things said, from which texts and turns are made alike."""

    @abstractmethod
    def said(self, value: dict[str, Any], problems: list[ShapeProblem]) -> list[Said]:
        """Return what is said, in order, and add what is wrong with the record to `problems`."""

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts of a record, and what is wrong with it."""
        if type(value) is not dict:
            return [], [ShapeProblem("", "the record is not an object")]
        texts: list[Text] = []
        problems: list[ShapeProblem] = []
        for field, said, role, target in self.said(value, problems):
            if type(said) is str:
                texts.append(Text(field, role, said, target))
            else:
                _read(said, field, role, texts, problems, target=target)
        return texts, problems

    def turns(self, value: Any) -> list[Turn]:
        """Return the turns; neighbouring strings of one speaker (an instruction and its input) are one."""
        turns: list[Turn] = []
        joined = False
        for field, said, role, target in self.said(value, []):
            if type(said) is not str:
                turns.append(_turn(said, field, role, target=target))
                joined = False
                continue
            blank = not said or said.isspace()
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
    """Read one message in its own notation, adding to `texts` and `problems`."""
    if type(message) is dict and "from" in message:
        sharegpt.read_message(message, where, texts, problems)
    else:
        chat.read_message(message, where, texts, problems)


def role_of(message: Any) -> str | None:
    """Return the role of a message, None where it has none that is known."""
    if type(message) is not dict:
        return None
    if "from" in message:
        return sharegpt.role_named(message["from"])
    role = message.get("role")
    return role if type(role) is str and role in chat.ROLES else None


def is_messages(value: Any) -> bool:
    """Say whether a value is a list with a message in it."""
    return type(value) is list and any(
        type(message) is dict and ("role" in message or "from" in message) for message in value
    )


def opens(messages: Any) -> bool:
    """Say whether a list of messages brings its own prompt: a user or system message comes before any answer."""
    return (
        type(messages) is list
        and bool(messages)
        and role_of(messages[0]) in ("user", "system", "developer")
    )


def context(messages: list[Any], where: str) -> list[Said]:
    """Return messages that are read and not learnt."""
    return [
        (f"{where}/{number}", message, "assistant", False)
        for number, message in enumerate(messages)
    ]


def answered(messages: list[Any], where: str, role: str, *, target: bool) -> list[Said]:
    """Return a conversation in which what follows the last user message is the answer, and what precedes it the context."""
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


def system_of(value: dict[str, Any]) -> list[Said]:
    """Return the system prompt that stands beside the conversation."""
    return [
        (f"/{name}", value[name], "system", False)
        for name in ("system", "system_prompt")
        if type(value.get(name)) is str and value[name]
    ]


def prompt_of(
    value: dict[str, Any], problems: list[ShapeProblem], *, required: bool = True
) -> list[Said]:
    """Return system prompt, history and prompt, under the first usual name that there is."""
    for name in PROMPT_FIELDS:
        prompt = value.get(name)
        if type(prompt) is str:
            besides = [
                key for key in _BESIDES.get(name, ()) if type(value.get(key)) is str and value[key]
            ]
            return [
                *system_of(value),
                *history_of(value, problems),
                (f"/{name}", prompt, "user", False),
                *[(f"/{key}", value[key], "user", False) for key in besides],
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
) -> list[Said]:
    """Return earlier turns that are given as pairs of user's and assistant's words."""
    history = value.get("history")
    if not history:
        return []
    said: list[Said] = []
    for number, pair in enumerate(history if type(history) is list else [history]):
        if type(pair) is list and len(pair) == 2 and type(pair[0]) is str and type(pair[1]) is str:
            said.append((f"/history/{number}/0", pair[0], "user", False))
            said.append((f"/history/{number}/1", pair[1], "assistant", target))
        else:
            problems.append(
                ShapeProblem(
                    f"/history/{number}" if type(history) is list else "/history",
                    "the history is not a list of [user, assistant] pairs",
                )
            )
    return said


def answer_of(
    value: dict[str, Any],
    names: tuple[str, ...],
    role: str,
    problems: list[ShapeProblem],
    *,
    target: bool = True,
) -> list[Said]:
    """Return the answer under the first of the names that there is: a string, a message, or a list of them."""
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
        return answered(answer, f"/{name}", role, target=target)
    problems.append(
        ShapeProblem(
            f"/{name}",
            f"`{name}` is empty"
            if answer == []
            else f"`{name}` is neither text nor a list of messages",
        )
    )
    return []
