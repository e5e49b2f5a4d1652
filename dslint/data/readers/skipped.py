"""Why files are skipped: the one place that decides, and which of them contain records anyway."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import PurePosixPath

from dslint.data.readers.collect import BOM, REFUSED, decode_json
from dslint.data.readers.files import chunks, suffix
from dslint.data.readers.layouts import is_factory_list
from dslint.data.readers.sniff import decodes, head
from dslint.data.review_sheet import is_sheet
from dslint.data.shapes import BUILT_IN
from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern
from dslint.settings import Settings

HIDDEN = "hidden"
ENVIRONMENT = "an environment with installed packages"
LINKED = "a link to a folder"
IGNORED = "ignored by Git"
UNNAMED = "no data file suffix"
PLAIN = "plain text, which is only read when named"
ELSEWHERE = "not in any configured dataset"
SHEET = "a dslint review sheet"
REPORT = "a report of dslint"
DOCUMENT = "a JSON document that is not a list of records"
FACTORY = "LLaMA-Factory's list of datasets"

NOT_LOOKED_FOR = (".txt",)
"""Data suffixes that are just as often something else: such a file is read only when named."""
_ENVIRONMENTS = {"node_modules", "__pycache__", "venv", "env", "site-packages"}
_SAMPLE_LINES = 20
"""Number of lines to look at."""
_HEAD = 1 << 16
"""Number of bytes to look at."""
_DOCUMENT_BLOCKS = 32
"""Number of blocks to decode of a JSON document."""
_MEMBERS = 1000
"""Number of archive members whose names are checked."""
_LIST_WITHIN = pattern(rb'\s*\{\s*"[^"]*"\s*:\s*\[\s*\{')
_MARKS = (
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff",
    b"ORC",
    b"Obj\x01",
    b"SQLite format 3\0",
    b"\x89HDF\r\n\x1a\n",
)
"""First bytes of Parquet, Arrow files and streams, ORC, Avro, SQLite and HDF5."""
_DATA = pattern(r"\.(?:jsonl|ndjson|json|csv|tsv|parquet|arrow|feather)(?![a-z0-9])")
_LINES = pattern(r"\.(?:jsonl|ndjson)(?![a-z0-9])")
_TABLE = pattern(r"\.(?:csv|tsv)(?![a-z0-9])")
_UNSUPPORTED = pattern(
    r"\.(?:xlsx?|ods|pickle|pkl|npz|npy|tfrecords?|msgpack|mdb|lmdb)$"
    r"|\.(?:jsonl|ndjson|json|csv|tsv|parquet|arrow|feather)"
    r"\.(?:lz4|br|lzma|lz|7z|rar|z|sz|snappy)$"
)
"""Names of data files in formats or compressions that dslint does not read."""
_ARCHIVE = pattern(r"\.(?:zip|tar|tgz|tbz2?|txz)$|\.tar\.(?:gz|bz2|xz)$")
_ANYTHING = ("", ".txt", ".bak", ".old", ".orig", ".tmp", ".data", ".dat", ".tab")
"""Suffixes that do not show what a file contains."""
_REPORT = pattern(rb'"schema"\s*:\s*"dslint\.')
_FINDINGS = pattern(
    rb'\s*\{"rule": ?"[^"]+", ?"severity": ?"(?:info|warning|error)", '
    rb'?"confidence": ?"(?:low|medium|high)", ?"message": ?"'
    rb'|\s*\[\s*\{"description": ?"[^\n]*?", ?"check_name": ?"[^"]+/[^"]+", '
    rb'?"fingerprint": ?"[0-9a-f]{32}", ?"severity": ?"'
)
"""First bytes of the reports `jsonl` and `gitlab`, which have no header."""


def why_skipped(path: str, settings: Settings, suffixes: Iterable[str]) -> str:
    """Return why a run does not read a file, as far as its display path and its folders show."""
    place = PurePosixPath(path)
    folders = [str(folder) for folder in reversed(place.parents)][1:]
    for folder in folders:
        if reason := why_not_folder(os.path.join(settings.root, folder)):
            return f"{folder}/ is {reason}"
    if place.name.startswith("."):
        return HIDDEN
    if any(dataset.files for dataset in settings.datasets):
        return ELSEWHERE
    if suffix(path) not in suffixes:
        return UNNAMED
    if suffix(path) in NOT_LOOKED_FOR:
        return PLAIN
    return why_no_data(os.path.join(settings.root, path)) or "not among the files named"


def why_not_folder(folder: str) -> str | None:
    """Return why a folder is not searched, or None if it is."""
    name = os.path.basename(folder)
    if name in _ENVIRONMENTS or os.path.exists(os.path.join(folder, "pyvenv.cfg")):
        return ENVIRONMENT
    if name.startswith("."):
        return HIDDEN
    return LINKED if os.path.islink(folder) else None


def may_be_misnamed(name: str) -> bool:
    """Return whether a file without a data suffix may contain data.

    It may be a copy, a text, or a file with a data suffix in the middle of its name.
    """
    return (
        suffix(name) in ("", ".txt", ".bak", ".old", ".orig", ".tmp")
        or _DATA.search(name.lower()) is not None
    )


def why_no_data(location: str) -> str:
    """Return why a file with a data suffix is not data, or an empty string if it may be.

    A JSON file is data only if it is an array with objects. Reports and review sheets of dslint
    never are.
    """
    kind = suffix(location)
    if not os.path.isfile(location):
        return ""
    start = head(location, _HEAD).removeprefix(BOM)
    if is_sheet(start):
        return SHEET
    if kind not in (".json", ".jsonl", ".ndjson"):
        return ""
    if _REPORT.search(start, 0, 512) or _FINDINGS.match(start):
        return REPORT
    if kind != ".json" or _is_array_of_objects(start):
        return ""
    return FACTORY if is_factory_list(location) else DOCUMENT


def _is_array_of_objects(start: bytes) -> bool:
    """Return whether text starts with an array that contains an object, not necessarily first."""
    return start.lstrip(b" \t\r\n")[:1] == b"[" and b"{" in start


def holds_records(location: str) -> bool:
    """Return whether a file contains records, judging by its content.

    For formats that dslint does not read, the name counts too. A JSON document counts if it or half
    of a list in it, fits a known shape; text in columns counts if at least three lines agree.
    """
    if not os.path.isfile(location):
        return False
    start = head(location, _HEAD).removeprefix(BOM)
    name = os.path.basename(location).lower()
    if start.startswith(_MARKS) or _UNSUPPORTED.search(name):
        return True
    if _ARCHIVE.search(name):
        return _archive_has_data(location)
    text = start.lstrip(b" \t\r\n")
    if text[:1] == b"[":
        return b"{" in text
    lines = [line for line in text.split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]
    if sum(line[:1] == b"{" and decodes(line) for line in lines) > (
        0 if _LINES.search(name) else 1
    ):
        return True
    if text[:1] == b"{":
        return _is_document_of_records(location)
    return (suffix(name) in _ANYTHING or _TABLE.search(name) is not None) and _is_table(lines)


def _is_document_of_records(location: str) -> bool:
    """Return whether a JSON object is a record, or contains a list of records."""
    try:
        value = decode_json(b"".join(islice(chunks(location), _DOCUMENT_BLOCKS)).removeprefix(BOM))
    except (*REFUSED, InputError):  # damaged, or too large for a configuration file
        return _LIST_WITHIN.match(head(location, _HEAD)) is not None
    lists = (
        [item for item in value.values() if type(item) is list and len(item) > 1]
        if type(value) is dict
        else []
    )
    known = BUILT_IN[:-1]
    return any(shape.fits(value) for shape in known) or any(
        2 * sum(shape.fits(item) for item in some) >= len(some) and type(some[0]) is dict
        for some in lists
        for shape in known
    )


def _is_table(lines: Sequence[bytes]) -> bool:
    """Return whether all lines have the same number of tabs, commas or semicolons, at least one."""
    complete = lines[: _SAMPLE_LINES - 1]
    return len(complete) > 2 and any(
        len({line.count(sign) for line in complete}) == 1 and sign in complete[0]
        for sign in (b"\t", b",", b";")
    )


def _archive_has_data(location: str) -> bool:
    """Return whether an archive has a file with a data suffix, or cannot be read."""
    import tarfile
    import zipfile

    try:
        if zipfile.is_zipfile(location):
            with zipfile.ZipFile(location) as archive:
                names = archive.namelist()
        else:
            with tarfile.open(location) as archive:
                names = [member.name for member in islice(archive, _MEMBERS)]
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError):
        return True
    return any(_DATA.search(name.lower()) or _UNSUPPORTED.search(name.lower()) for name in names)
