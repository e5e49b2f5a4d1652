"""Which plugins are installed, what they bring, and which rules of it run."""

from dslint.registry.discovery import (
    ALWAYS,
    OWN_DISTRIBUTION,
    Loaded,
    Plugin,
    discover,
    load,
    require_sound,
)
from dslint.registry.selection import (
    Catalogue,
    Choice,
    Known,
    catalogue,
    choose,
    expand,
    install_line,
    renamed,
)

__all__ = [
    "ALWAYS",
    "OWN_DISTRIBUTION",
    "Catalogue",
    "Choice",
    "Known",
    "Loaded",
    "Plugin",
    "catalogue",
    "choose",
    "discover",
    "expand",
    "install_line",
    "load",
    "renamed",
    "require_sound",
]
