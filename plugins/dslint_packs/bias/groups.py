"""Which groups of people texts mention: computed once for a batch, whichever rules ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dslint.plugin import Batch, Hit, Matcher, Resource, lexicon_of


@lru_cache(maxsize=16)
def matcher(resources: tuple[Resource, ...], kind: str) -> Matcher:
    """Return the terms of the lexicons of one kind; an old woman is both old and a woman."""
    return Matcher(
        [lexicon_of(resource) for resource in resources if resource.kind == kind], overlapping=True
    )


def mentions(
    batch: Batch, roles: Sequence[str], resources: tuple[Resource, ...]
) -> list[tuple[int, list[Hit]]]:
    """Return, for each text of the given roles that mentions a group, its number in `batch.texts(roles)` and the mentions.

    The category of a mention is `axis/group`, as `gender/female`.
    """
    found: list[tuple[int, list[Hit]]] = batch.cached(
        ("groups", *roles, *(resource.path for resource in resources)),
        lambda made: list(matcher(resources, "group").search(made, roles)),
    )
    return found


def axis_of(group: str) -> str:
    """Return the axis of a group: `gender` of `gender/female`."""
    return group.partition("/")[0]


def name_of(group: str) -> str:
    """Return the group without its axis."""
    return group.partition("/")[2] or group
