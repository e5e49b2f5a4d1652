"""Which plugins are installed, what they bring, and which rules of it run."""

from dslint.registry.selection import (
    ALWAYS,
    OWN_DISTRIBUTION,
    Catalogue,
    Choice,
    Known,
    Loaded,
    Plugin,
    catalogue,
    choose,
    discover,
    expand,
    install_line,
    load,
    renamed,
    require_sound,
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
