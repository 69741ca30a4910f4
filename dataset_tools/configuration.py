"""Configuration files: the settings of `dataset-tools lint` that a project keeps beside its data.

They stand at the top level of `dataset-tools.toml`, or in `[tool.dataset-tools]` of
`pyproject.toml`. Tables `per-file."GLOB"` change some of them for the files that match.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dataset_tools.configuration_keys import ConfigurationKey, configuration_keys
from dataset_tools.errors import InputError
from dataset_tools.path_glob import path_matches
from dataset_tools.sources import SourceFile
from dataset_tools.sources.location import scheme_of

OWN_FILE = "dataset-tools.toml"
PROJECT_FILE = "pyproject.toml"

_PLACE = re.compile(r"(?P<problem>.*?) \((?:at line (?P<line>\d+), column (?P<column>\d+)|at .*)\)")


class PerFile(Struct, frozen=True):
    """What one glob changes."""

    pattern: str
    values: Mapping[str, Any]


class Configuration(Struct, frozen=True):
    """The checked values of a file by key, paths made usable; empty where there is no file."""

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    per_file: tuple[PerFile, ...] = ()

    def values_for(self, source: SourceFile) -> dict[str, Any]:
        """The values that hold for a file: later matching globs win over earlier ones."""
        values = dict(self.values)
        path = self._relative_path(source)
        for each in self.per_file:
            if path is not None and path_matches(path, each.pattern):
                values |= each.values
        return values

    def _relative_path(self, source: SourceFile) -> str | None:
        """The path as globs see it; None for what is no file beside or below the configuration."""
        if self.path is None or scheme_of(source.name) or source.name == "<stdin>":
            return None
        # a name that starts at a home folder was expanded when the file was looked up
        path = source.path if source.name.startswith("~") else Path(source.name)
        folder = self.path.parent
        # `..` and links are resolved only where the path as it is written leads nowhere
        for start, file in (
            (folder.absolute(), path.absolute()),
            (folder.resolve(), path.parent.resolve() / path.name),
        ):
            if ".." not in (*start.parts, *file.parts) and file.is_relative_to(start):
                return file.relative_to(start).as_posix()
        return None


def find_configuration() -> Configuration:
    """The configuration of the current folder or of the nearest one above that has any.

    In a folder `dataset-tools.toml` comes before `pyproject.toml`; a `pyproject.toml` without our
    table is passed over. Raises InputError where the file found cannot be used.
    """
    try:
        depth = len(Path.cwd().parts)
    except FileNotFoundError:  # the current folder was removed
        return Configuration()
    for level in range(depth):
        folder = Path(*[".."] * level)
        if _is_file(folder / OWN_FILE):
            return read_configuration(folder / OWN_FILE)
        project = folder / PROJECT_FILE
        if _is_file(project) and b"dataset-tools" in _content(project):
            table = _own_table(project, _document(project))
            if table is not None:
                return _checked(project, table, "tool.dataset-tools.")
    return Configuration()


def read_configuration(path: Path) -> Configuration:
    """The configuration in a file: the whole of it, or our table of a `pyproject.toml`.

    Raises InputError naming file and key (or line) where anything in it cannot be used.
    """
    document = _document(path)
    if path.name != PROJECT_FILE:
        if isinstance(document.get("tool"), dict) and "dataset-tools" in document["tool"]:
            raise InputError(
                f"{path}: tool.dataset-tools: found a table, expected its keys at the top level "
                f"of the file; only in {PROJECT_FILE} do they stand in a table"
            )
        return _checked(path, document, "")
    table = _own_table(path, document)
    if table is None:
        raise InputError(f"{path}: no configuration in it; expected a table [tool.dataset-tools]")
    return _checked(path, table, "tool.dataset-tools.")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be looked into, for instance
        return False


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror or error}; --no-config goes without"
        ) from error


def _document(path: Path) -> dict[str, Any]:
    import tomllib  # a run without a configuration file need not pay for it

    try:
        return tomllib.loads(_content(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid TOML: not UTF-8 text") from error
    except RecursionError as error:
        raise InputError(f"{path}: not valid TOML: nested too deep to read") from error
    except ValueError as error:  # tomllib's own errors, and numbers of thousands of digits
        found = _PLACE.fullmatch(str(error))
        problem = found["problem"] if found else str(error)
        place = f"{path}:{found['line']}:{found['column']}" if found and found["line"] else path
        raise InputError(f"{place}: not valid TOML: {problem[:1].lower()}{problem[1:]}") from error


def _own_table(path: Path, document: Mapping[str, Any]) -> dict[str, Any] | None:
    tool = document.get("tool")
    table = tool.get("dataset-tools") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise InputError(f"{path}: tool.dataset-tools: found {table!r:.40}, expected a table")
    return table


def _checked(path: Path, table: Mapping[str, Any], prefix: str) -> Configuration:
    """The table's values; `prefix` is what messages put before its keys."""
    keys = configuration_keys()
    top_level = {name: value for name, value in table.items() if name != "per-file"}
    return Configuration(
        path,
        dict(_values(path, top_level, prefix, keys, {*keys, "per-file"})),
        tuple(_per_file(path, table.get("per-file", {}), f"{prefix}per-file", keys)),
    )


def _per_file(
    path: Path, tables: object, name: str, keys: Mapping[str, ConfigurationKey]
) -> Iterator[PerFile]:
    if not isinstance(tables, dict):
        raise InputError(f"{path}: {name}: found {tables!r:.40}, expected a table for each glob")
    allowed = {key.name: key for key in keys.values() if key.per_file}
    for pattern, table in tables.items():
        place = f'{name}."{pattern}"'
        if not isinstance(table, dict):
            raise InputError(f"{path}: {place}: found {table!r:.40}, expected a table")
        for key in table:
            if key in keys and key not in allowed:
                raise InputError(
                    f"{path}: {place}.{key}: holds for all files alike; set it outside of per-file"
                )
        yield PerFile(pattern, dict(_values(path, table, f"{place}.", allowed, set(allowed))))


def _values(
    path: Path,
    table: Mapping[str, Any],
    prefix: str,
    keys: Mapping[str, ConfigurationKey],
    names: set[str],
) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if name not in keys:
            from difflib import get_close_matches

            close = get_close_matches(name, sorted(names), n=1)
            hint = (
                f"did you mean '{close[0]}'?"
                if close
                else "keys are named like the flags of 'lint'"
            )
            raise InputError(f"{path}: {prefix}{name}: unknown key; {hint}")
        try:
            yield name, keys[name].read(value, path.parent)
        except InputError as error:
            raise InputError(f"{path}: {prefix}{name}: {error}") from error
