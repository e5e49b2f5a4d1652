"""The shape `sharegpt`: messages with `from` and `value`, as in ShareGPT and LLaMA-Factory."""

from __future__ import annotations

from typing import Any

from dslint.data.shapes.chat import is_trained
from dslint.model import ShapeProblem, Text, Turn

CALLS = frozenset({"function_call", "tool_call"})
"""Speakers of an assistant's tool calls; the value is the call, as JSON."""
_ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "system": "system",
    "developer": "developer",
    "observation": "tool",
    "tool": "tool",
    "function_response": "tool",
    "tool_response": "tool",
    "function": "tool",
}
_LISTS = ("conversations", "conversation", "messages")


class ShareGpt:
    """`{"conversations": [{"from": "human", "value": ...}, {"from": "gpt", "value": ...}]}`.

    Optionally with `system` and `tools`.
    """

    name = "sharegpt"
    roles: frozenset[str | None] = frozenset({"system", "developer", "user", "assistant", "tool"})

    def fits(self, value: object) -> bool:
        """Return whether a record has a list of messages with `from`."""
        if type(value) is not dict or (name := _list(value)) is None:
            return False
        messages = value[name]
        return (
            any(type(m) is dict and "from" in m for m in messages)
            if messages
            else name != "messages"
        )

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts of the messages, and the problems; calls are structure, not text."""
        if type(value) is not dict:
            return [], [ShapeProblem("", "the record is not an object")]
        name = _list(value)
        if name is None:
            return [], [
                ShapeProblem(
                    "/conversations" if "conversations" in value else "",
                    "`conversations` is missing or not a list",
                )
            ]
        if not value[name]:
            return [], [ShapeProblem(f"/{name}", f"`{name}` is empty")]
        texts: list[Text] = []
        problems: list[ShapeProblem] = []
        system = value.get("system")
        if type(system) is str and system:
            texts.append(Text("/system", "system", system))
        for number, message in enumerate(value[name]):
            read_message(message, f"/{name}/{number}", texts, problems)
        return texts, problems

    def turns(self, value: Any) -> list[Turn]:
        """Return one turn per message, preceded by a `system` field if there is one."""
        name = _list(value)
        turns = [
            turn_of(message, f"/{name}/{number}") for number, message in enumerate(value[name])
        ]
        system = value.get("system")
        return (
            [Turn("/system", "system", False, False, system.isspace()), *turns]
            if type(system) is str and system
            else turns
        )


def _list(value: dict[str, Any]) -> str | None:
    for name in _LISTS:
        if type(value.get(name)) is list:
            return name
    return None


def role_named(name: object) -> str | None:
    """Return the role of a speaker, or None if unknown."""
    return _ROLES.get(name) if type(name) is str else None


def read_message(message: Any, where: str, texts: list[Text], problems: list[ShapeProblem]) -> None:
    """Read one message, adding to `texts` and `problems`."""
    if type(message) is not dict:
        problems.append(ShapeProblem(where, "the message is not an object"))
        return
    speaker, content = message.get("from"), message.get("value")
    role = role_named(speaker)
    if role is None:
        if "from" not in message:
            problems.append(ShapeProblem(where, "the message has no `from`"))
        elif type(speaker) is not str:
            problems.append(ShapeProblem(f"{where}/from", "the role is not a string"))
        else:
            problems.append(
                ShapeProblem(f"{where}/from", f"unknown role (known: {', '.join(sorted(_ROLES))})")
            )
    if type(content) is not str:
        problems.append(
            ShapeProblem(
                f"{where}/value" if "value" in message else where, "the message has no text"
            )
        )
    elif type(speaker) is not str or speaker not in CALLS:
        texts.append(
            Text(
                f"{where}/value",
                role,
                content,
                role == "assistant" and (len(message) == 2 or is_trained(message)),
            )
        )


def turn_of(message: dict[str, Any], where: str) -> Turn:
    """Return the turn for a valid message."""
    role, content = _ROLES[message["from"]], message["value"]
    target = role == "assistant" and (len(message) == 2 or is_trained(message))
    return Turn(where, role, target, message["from"] in CALLS, not content or content.isspace())
