"""dslint: a plugin-based linter and quality gate for datasets."""

from dslint.version import __version__

__all__ = ["__version__", "lint", "redact_record"]

# Not even `typing` is imported: `python -m` comes here with the working folder first on the path.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dslint.masking.redact import redact_record
    from dslint.run.api import lint


def __getattr__(name: str) -> object:
    """Import a function when it is first asked for: `dslint --version` needs none of the engine."""
    if name == "lint":
        from dslint.run.api import lint

        return lint
    if name == "redact_record":
        from dslint.masking.redact import redact_record

        return redact_record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
