"""Mentions of groups of people in texts, found once per batch for all rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dslint.plugin import Batch, Hit, Matcher, Resource, lexicon_of


@lru_cache(maxsize=16)
def matcher(resources: tuple[Resource, ...], kind: str) -> Matcher:
    """Return a matcher for the lexicons of one kind.

    Matches may overlap: "an old woman" mentions an age group and a gender.
    """
    return Matcher(
        [lexicon_of(resource) for resource in resources if resource.kind == kind], overlapping=True
    )


def mentions(
    batch: Batch, roles: Sequence[str], resources: tuple[Resource, ...]
) -> list[tuple[int, list[Hit]]]:
    """Return the mentions of groups: (number in `batch.texts(roles)`, hits) for each text with any.

    The category of a hit is `axis/group`, for example `gender/female`.
    """
    found: list[tuple[int, list[Hit]]] = batch.cached(
        ("groups", *roles, *(resource.path for resource in resources)),
        lambda made: list(matcher(resources, "group").search(made, roles)),
    )
    return found


def axis_of(group: str) -> str:
    """Return the axis of a group: `gender` for `gender/female`."""
    return group.partition("/")[0]


def name_of(group: str) -> str:
    """Return the name of a group without its axis."""
    return group.partition("/")[2] or group
