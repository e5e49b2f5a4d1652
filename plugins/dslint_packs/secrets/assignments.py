"""Secrets known by the name they have: `password = ...`, `"api_key": "..."`, a field `token`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from dslint.plugin import SecretKind, SecretSpan, pattern
from dslint_packs.secrets.plausibility import is_password, is_random

_VALUE = (
    r"(?:[*_]{1,2} ?)?\\?[\"'`]{0,3}(?:(?:Bearer|Basic|Token|token) )?"
    r"(?=[^\s\"'`\\<>]{0,48}(?:[\d!@#$%^&*?]|[a-z][A-Z]))(?=(?P<value>[^\s\"'`\\<>\x00]{6,200}))"
)
# Two patterns, because the search can skip ahead to a fixed first character.
_BY_SIGN = pattern(r"[=:：](?<=[\w\"'`*\]) \t].)>?[ \t]{0,4}" + _VALUE)  # noqa: RUF001 - a full-width colon
_BY_VERB = pattern(r" is:? " + _VALUE)
_REACH = 64
_END = r"s?\d{0,2}[\"'`*_\])]{0,4}(?:\s?:\s?\w{1,12})?[ \t]{0,3}$"
_PASSWORD = pattern(
    r"(?i:pass(?:word|wd|wort|phrase|code)|pwd|kennwort|contrase[nñ]a|senha|mot de passe|пароль"
    r"|密码|密碼|パスワード|비밀번호)" + _END
)
_KEY = pattern(
    r"(?i:(?:api|app|access|account|admin|auth|client|consumer|encryption|master|private|secret"
    r"|service|shared|signing|storage|subscription|deploy|license)"
    r"[ _.-]{0,2}(?:access[ _.-]?)?(?:key|secret)|[_-]key|secret)" + _END
)
_TOKEN = pattern(r"(?i:token|jwt|bearer|authorization|\bpat)" + _END)
_PARTS = (
    *(
        "pass",
        "pwd",
        "wort",
        "contrase",
        "senha",
        "пароль",
        "密码",
        "密碼",
        "パスワード",
        "비밀번호",
    ),
    *("key", "secret", "token", "jwt", "bearer", "author", "pat"),
)
"""Every name of a secret contains one of these; searching for them first is much faster."""

_VENDORS = {
    "aws": "AWS",
    "amazon": "AWS",
    "azure": "Azure",
    "cloudflare": "Cloudflare",
    "cohere": "Cohere",
    "co_api": "Cohere",
    "datadog": "Datadog",
    "dd_ap": "Datadog",
    "discord": "Discord",
    "heroku": "Heroku",
    "mistral": "Mistral",
    "openai": "OpenAI",
    "twilio": "Twilio",
    "wandb": "Weights & Biases",
}
"""Issuers whose keys have no form of their own, by a part of such names; for the message only."""


def _kinds(noun: str, family: str) -> dict[str, SecretKind]:
    return {
        vendor: SecretKind(f"{vendor} {noun}".strip(), family)
        for vendor in ["", *_VENDORS.values()]
    }


_KEYS, _TOKENS = _kinds("key", "api-key"), _kinds("token", "access-token")
_PASSWORD_KIND = SecretKind("password", "password")


def find_assigned(text: str) -> Iterator[SecretSpan]:
    """Yield the values in a text that are assigned to the name of a secret and look like one."""
    whole = text.casefold()
    if not any(part in whole for part in _PARTS):
        return
    for match in chain(_BY_SIGN.finditer(text), _BY_VERB.finditer(text)):
        near = text[max(0, match.start() - _REACH) : match.start()]
        name = near[max(near.rfind("\n"), near.rfind("\0")) + 1 :]
        folded = name.casefold()
        if not any(part in folded for part in _PARTS):
            continue
        start = match.start("value")
        value = _trimmed(match["value"])
        kind = _kind(name, value, explicit="=" in match[0] or text[start - 1] in "\"'`")
        if (
            kind is not None
            and "..." not in match["value"]
            and text[match.end("value") : match.end("value") + 1] not in ("(", "[")
        ):
            yield SecretSpan(start, start + len(value), kind, "")


def find_in_field(field: str, text: str) -> SecretSpan | None:
    """Return the whole text as a secret if its field is named so and it looks like one."""
    if 6 <= len(text) <= 200 and not any(map(str.isspace, text)):
        kind = _kind(field.rpartition("/")[2], text, explicit=True)
        if kind is not None:
            return SecretSpan(0, len(text), kind, "")
    return None


def names_secret(field: str) -> bool:
    """Return whether the name of a field is the name of a secret."""
    name = field.rpartition("/")[2]
    return any(form.search(name) for form in (_PASSWORD, _TOKEN, _KEY))


def _kind(name: str, value: str, *, explicit: bool) -> SecretKind | None:
    if _PASSWORD.search(name):
        return _PASSWORD_KIND if is_password(value, explicit=explicit) else None
    for form, kinds in ((_TOKEN, _TOKENS), (_KEY, _KEYS)):
        if form.search(name):
            lowered = name.lower()
            vendor = next((vendor for part, vendor in _VENDORS.items() if part in lowered), "")
            return kinds[vendor] if is_random(value, uuids=bool(vendor) or form is _KEY) else None
    return None


def _trimmed(value: str) -> str:
    """Return a value without the end of the phrase around it."""
    for stop in (";", ",", "&"):
        value = value.partition(stop)[0] or value
    value = value.rstrip(".,;:")
    for opened, closed in ("()", "[]", "{}"):
        while value.endswith(closed) and opened not in value:
            value = value[:-1]
    return value
