"""The shape `chat`: a list of messages with roles, as in OpenAI's API and most trainers."""

from __future__ import annotations

from typing import Any

from dslint.model import ShapeProblem, Text, Turn

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal", "thinking", "reasoning"})
_LISTS = ("messages", "conversations", "conversation")
_TEXT_KEYS = ("text", "value", "refusal", "thinking", "reasoning", "content")


class Chat:
    """`{"messages": [{"role": ..., "content": ...}, ...]}`, also under `conversations`.

    Messages may have tool calls, weights and content parts; the record may have tools.
    """

    name = "chat"
    roles: frozenset[str | None] = frozenset({"system", "developer", "user", "assistant", "tool"})

    def fits(self, value: object) -> bool:
        """Return whether a record has a list of messages with roles."""
        if type(value) is not dict:
            return False
        messages = value.get("messages")
        if type(messages) is list and not messages:
            return True
        return (name := _list(value)) is not None and any(
            type(message) is dict and "role" in message for message in value[name]
        )

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts of the messages, and the problems found."""
        if type(value) is not dict:
            return [], [ShapeProblem("", "the record is not an object")]
        name = _list(value)
        if name is None:
            return [], [
                ShapeProblem(
                    "/messages" if "messages" in value else "",
                    "`messages` is missing or not a list",
                )
            ]
        messages = value[name]
        if not messages:
            return [], [ShapeProblem(f"/{name}", f"`{name}` is empty")]
        texts: list[Text] = []
        problems: list[ShapeProblem] = []
        system = value.get("system")
        if type(system) is str and system:
            texts.append(Text("/system", "system", system))
        for number, message in enumerate(messages):
            if type(message) is dict:
                role = message.get("role")
                content = message.get("content")
                if (
                    type(role) is str
                    and role in ROLES
                    and type(content) is str
                    and len(message) == 2
                ):
                    texts.append(
                        Text(
                            f"/{name}/{number}/content",
                            "tool" if role == "function" else role,
                            content,
                            role == "assistant",
                        )
                    )
                    continue
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


def turn_of(message: dict[str, Any], where: str) -> Turn:
    """Return the turn for a valid message."""
    role, content = message["role"], message.get("content")
    role = "tool" if role == "function" else role
    if len(message) == 2 and type(content) is str:
        return Turn(where, role, role == "assistant", False, not content or content.isspace())
    texts: list[Text] = []
    read_message(message, where, texts, [])
    has_content = (
        any(text.text.strip() for text in texts)
        or has_other_content(message)
        or _has_media(content)
    )
    calls = bool(message.get("tool_calls") or message.get("function_call")) or _has_call(content)
    return Turn(where, role, role == "assistant" and is_trained(message), calls, not has_content)


def _has_media(content: Any) -> bool:
    """Return whether any content part is not text: an image, audio, a call."""
    return type(content) is list and any(
        type(part) is dict and part.get("type") not in TEXT_PARTS for part in content
    )


def _has_call(content: Any) -> bool:
    return type(content) is list and any(
        type(part) is dict and part.get("type") in ("tool_call", "tool_use", "function_call")
        for part in content
    )


def read_message(message: Any, where: str, texts: list[Text], problems: list[ShapeProblem]) -> None:
    """Read one message with any of its fields, adding to `texts` and `problems`."""
    if type(message) is not dict:
        problems.append(ShapeProblem(where, "the message is not an object"))
        return
    role = message.get("role")
    if "role" not in message:
        problems.append(ShapeProblem(where, "the message has no role"))
    elif type(role) is not str:
        problems.append(ShapeProblem(f"{where}/role", "the role is not a string"))
    elif role not in ROLES:
        problems.append(
            ShapeProblem(f"{where}/role", f"unknown role (known: {', '.join(sorted(ROLES))})")
        )
    target = role == "assistant" and is_trained(message)
    role = "tool" if role == "function" else role if type(role) is str else None
    extra = [
        key for key in ("reasoning_content", "thinking", "refusal") if type(message.get(key)) is str
    ]
    texts.extend(Text(f"{where}/{key}", role, message[key], target) for key in extra)
    content = message.get("content")
    if type(content) is str:
        texts.append(Text(f"{where}/content", role, content, target))
    elif type(content) is list:
        for number, part in enumerate(content):
            _read_part(part, f"{where}/content/{number}", role, texts, problems, target=target)
    elif content is not None:
        problems.append(
            ShapeProblem(f"{where}/content", "the content is neither text nor a list of parts")
        )
    elif not has_other_content(message):
        problems.append(
            ShapeProblem(
                f"{where}/content" if "content" in message else where, "the message has no content"
            )
        )


def is_trained(message: Any) -> bool:
    """Return whether a model is trained on a message: its weight is not zero."""
    for key in ("weight", "loss_weight"):
        weight = message.get(key)
        if weight is not None and weight == 0:
            return False
    return message.get("train", message.get("training")) is not False


def has_other_content(message: Any) -> bool:
    """Return whether a message has a call, refusal, reasoning or audio in place of content."""
    return message.get("role") == "assistant" and any(
        message.get(key)
        for key in (
            "tool_calls",
            "function_call",
            "refusal",
            "audio",
            "reasoning_content",
            "thinking",
        )
    )


def _read_part(
    part: Any,
    where: str,
    role: str | None,
    texts: list[Text],
    problems: list[ShapeProblem],
    *,
    target: bool,
) -> None:
    if type(part) is str:
        texts.append(Text(where, role, part, target))
        return
    if type(part) is not dict or type(part.get("type")) is not str:
        problems.append(ShapeProblem(where, "the content part is not an object with a type"))
        return
    if part["type"] not in TEXT_PARTS:
        return
    for key in _TEXT_KEYS:
        if type(part.get(key)) is str:
            texts.append(Text(f"{where}/{key}", role, part[key], target))
            return
    problems.append(ShapeProblem(where, "the content part has no text"))
