"""The environment of a run, and the rules of each dataset and file, each built once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from dslint import gate, registry
from dslint.config.build import Builder, limits_of
from dslint.data.protocols import Reader
from dslint.gate import baseline
from dslint.helpers.globs import matches_any
from dslint.model import Finding, Shape
from dslint.registry import Choice
from dslint.rules.base import Active, DatasetRule
from dslint.settings import RuleSettings, Settings

Tables = Sequence[Mapping[str, RuleSettings]]
_UNSET = RuleSettings()


class Environment(Struct, frozen=True):
    """Everything that is installed: plugins and what they provide, and the built-in parts."""

    loaded: registry.Plugins
    known: registry.Catalogue
    shapes: tuple[Shape, ...]
    readers: tuple[Reader, ...]

    @property
    def shape_names(self) -> list[str]:
        """The names of all shapes."""
        return [shape.name for shape in self.shapes]


class Plan:
    """The rules of a run, for each dataset and each of its files."""

    def __init__(self, env: Environment, settings: Settings) -> None:
        self.env = env
        self.settings = settings
        self._build = Builder(settings.overrides)

    def check(self) -> None:
        """Select the rules of all datasets.

        Raises ConfigError for an invalid option, a rule that is not available, or a limit on an
        unknown measure.
        """
        measures = {name: known.rule.measures for name, known in self.env.known.items()}
        loaded = baseline.loaded(self.settings, registry.renamed(self.env.known))
        gate.check_names(limits_of(loaded), measures)
        for own in [dataset.rules for dataset in self.settings.datasets] or [{}]:
            self.choice(own)

    def choice(self, own: Mapping[str, RuleSettings]) -> Choice:
        """Return the rules of a dataset with these rule settings of its own."""
        settings = self.settings
        tables = self._tables(own)
        return registry.choose(
            self.env.known,
            settings.select,
            settings.extend_select,
            settings.ignore,
            [name for table in tables for name in table if "/" in name],
            lambda entry: self._build(entry, tables),
            settings.scope,
            pre_commit=settings.pre_commit,
        )

    def for_file(
        self, active: Iterable[Active], own: Mapping[str, RuleSettings], path: str
    ) -> tuple[Active, ...]:
        """Return the rules of a dataset for one file, with its overrides applied.

        Dataset rules are kept, since they see all files: where an override disables one, `off`
        drops its findings.
        """
        matching = self._matching(path)
        if not matching:
            return tuple(active)
        tables = [*self._tables(own), *matching]
        return tuple(
            item
            if isinstance(item.rule, DatasetRule)
            else self._build(self.env.known[item.id], tables)
            for item in active
            if isinstance(item.rule, DatasetRule) or not _off(item.id, matching)
        )

    def off(self, finding: Finding) -> bool:
        """Return whether an override disables the rule of a finding for the file of the finding."""
        return finding.at.path is not None and _off(finding.rule, self._matching(finding.at.path))

    def _tables(self, own: Mapping[str, RuleSettings]) -> Tables:
        return [self.settings.rules, own]

    def _matching(self, path: str) -> Tables:
        return [
            override.rules
            for override in self.settings.overrides
            if matches_any(path, override.files)
        ]


def _off(rule: str, tables: Tables) -> bool:
    names = (rule.partition("/")[0], rule)
    return any(table.get(name, _UNSET).off for table in tables for name in names)
