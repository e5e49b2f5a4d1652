"""What other tools record about data files.

That is in the dataset cards of the Hugging Face Hub, and in LLaMA-Factory's lists of datasets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from dslint.helpers.globs import matches_any
from dslint.helpers.lazy_re import pattern

CARD = "README.md"
FACTORY_LIST = "dataset_info.json"
_FACTORY_KEYS = {
    "file_name",
    "hf_hub_url",
    "ms_hub_url",
    "om_hub_url",
    "script_url",
    "cloud_file_name",
    "load_from",
}
_FACTORY_COLUMNS = {
    "prompt": "instruction",
    "query": "input",
    "response": "output",
    "system": "system",
}
"""LLaMA-Factory's names for the columns of an Alpaca file, with their default columns."""
_FACTORY_ROLES = {"system": ("system",), "user": ("prompt", "query"), "assistant": ("response",)}
_ITEM = pattern(r"^(?P<indent> *)(?P<dash>- +)?(?:(?P<key>[\w-]+) *:)? *(?P<value>.*?) *$")


Hints = Callable[[str], str | None]
"""Returns the path to read a hints file from (such as a dataset card), or None for none."""


def is_factory_list(location: str) -> bool:
    """Return whether a file is LLaMA-Factory's list of datasets: configuration, not data."""
    if os.path.basename(location) != FACTORY_LIST or not os.path.isfile(location):
        return False
    try:
        entries = msgspec.json.decode(Path(location).read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return (
        isinstance(entries, dict)
        and bool(entries)
        and all(
            isinstance(entry, dict) and _FACTORY_KEYS & entry.keys() for entry in entries.values()
        )
    )


def factory_texts(location: str, hints: Hints) -> dict[str, tuple[str, ...]]:
    """Return the columns of the texts of an Alpaca file, by role.

    Empty unless LLaMA-Factory's list in the same folder renames the columns.
    """
    folder, name = os.path.split(location)
    listed = hints(os.path.join(folder, FACTORY_LIST))
    if listed is None or not is_factory_list(listed):
        return {}
    entries = msgspec.json.decode(Path(listed).read_bytes())
    entry: dict[str, Any] = next(
        (entry for entry in entries.values() if entry.get("file_name") == name), {}
    )
    columns = entry.get("columns")
    if (
        entry.get("formatting", "alpaca") != "alpaca"
        or entry.get("ranking")
        or not isinstance(columns, dict)
    ):
        return {}
    if any(columns.get(key, usual) != usual for key, usual in _FACTORY_COLUMNS.items()):
        found = {
            role: tuple(columns[key] for key in keys if isinstance(columns.get(key), str))
            for role, keys in _FACTORY_ROLES.items()
        }
        return {role: paths for role, paths in found.items() if paths} if found["assistant"] else {}
    return {}


class Cards:
    """The splits that dataset cards assign, each card read once."""

    def __init__(self, root: str, hints: Hints = str) -> None:
        self._root = os.path.abspath(root)
        self._hints = hints
        self._known: dict[str, list[tuple[str, str]]] = {}

    def split_of(self, location: str) -> str | None:
        """Return the split that the closest card, up to the root, assigns to a file, or None."""
        path = os.path.abspath(location)
        folder = os.path.dirname(path)
        while True:
            if folder not in self._known:
                card = self._hints(os.path.join(folder, CARD))
                self._known[folder] = [] if card is None else card_splits(card)
            name = os.path.relpath(path, folder).replace(os.sep, "/")
            for split, glob in self._known[folder]:
                if matches_any(name, [glob]):
                    return split
            parent = os.path.dirname(folder)
            if (
                self._known[folder]
                or folder in (self._root, parent)
                or not folder.startswith(self._root)
            ):
                return None
            folder = parent


def card_splits(path: str) -> list[tuple[str, str]]:
    """Return the splits and file patterns under `configs:` in the front matter of a dataset card.

    The front matter is YAML, of which only what the Hub writes is understood: keys, block lists and
    plain or quoted words. Anything else is ignored, and the file names decide.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read(1 << 20)
    except OSError:
        return []
    matter = re.match(r"---[ \t]*\r?\n(.*?)\r?\n---", text, re.DOTALL)
    if matter is None:
        return []
    found: list[tuple[str, str]] = []
    inside = paths = False
    split = ""
    for line in matter[1].splitlines():
        item = _ITEM.match(line)
        if item is None or not line.strip() or line.lstrip().startswith("#"):
            continue
        key, value = item["key"], item["value"].split(" #")[0].strip("\"' ")
        if not item["indent"] and key and not item["dash"]:
            inside = key == "configs"
        elif inside and key == "split":
            split, paths = value, False
        elif inside and key == "path":
            paths = not value
            patterns = re.findall(r"[^\s,\[\]\"']+", value) if value.startswith("[") else [value]
            found.extend((split, pattern) for pattern in patterns if split and pattern)
        elif inside and paths and item["dash"] and key is None and split:
            found.append((split, value))
        else:
            paths = False
    return found
