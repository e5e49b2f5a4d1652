"""The files that a run reads, which no output may overwrite."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dslint.config.build import option_files
from dslint.data.protocols import Reader
from dslint.data.readers.find import find
from dslint.data.readers.layouts import CARD, FACTORY_LIST
from dslint.registry.selection import Catalogue
from dslint.settings import Settings


def reads(
    paths: Sequence[str], settings: Settings, known_readers: Sequence[Reader], known: Catalogue
) -> Iterator[str]:
    """Yield the path of every file that a run reads: data, configuration, metadata.

    Some of them may not exist.
    """
    yield from filter(
        None,
        (settings.config, settings.baseline_file, *(entry.review for entry in settings.suppress)),
    )
    yield from option_files(settings, known)
    if settings.stdin is not None:
        yield "/dev/stdin"
    folders = {os.path.abspath(settings.root)}
    for item in find(
        paths, settings, [suffix for reader in known_readers for suffix in reader.suffixes]
    ).found:
        if os.path.isfile(item.location) and not os.path.getsize(item.location):
            continue  # nothing to lose: it may be the report of a run without findings
        yield item.location
        yield os.path.join(settings.root, item.path)
        folders.add(os.path.dirname(os.path.abspath(item.location)))
    for folder in folders:
        yield from (os.path.join(folder, name) for name in (CARD, FACTORY_LIST))
