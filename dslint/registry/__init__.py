"""Which plugins are installed, what they bring, and which rules of it run."""

from dslint.registry.discovery import (
    ALWAYS,
    OWN_DISTRIBUTION,
    Plugin,
    Plugins,
    discover,
    load,
    require_sound,
)
from dslint.registry.selection import (
    Catalogue,
    Choice,
    RuleEntry,
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
    "Plugin",
    "Plugins",
    "RuleEntry",
    "catalogue",
    "choose",
    "discover",
    "expand",
    "install_line",
    "load",
    "renamed",
    "require_sound",
]
