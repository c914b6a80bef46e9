"""`[tool.scriptkit]` of a project's `pyproject.toml`, as the tools read it; nothing at run time does.

    [tool.scriptkit]
    all_modules = true                # check every nn.Module, not only ScriptableModule
    select = ["ALL"]                  # names, codes, prefixes of codes, groups; a rule that is off by default: its name
    ignore = ["tensor-on-default-device"]
    typed_calls = true                # mypy: a call of a module has the signature of its `forward`
    torch = "2.10"                    # the torch that the code is for, where that is not the installed one
    engines = ["torchscript", "export"]    # what the code shall become; without this: TorchScript
    baseline = "known.json"           # findings that are known already; `check --write-baseline` writes it

What is left out in some files only stands in a table by patterns of their paths, seen from the folder of that file:

    [tool.scriptkit.per-file-ignores]
    "legacy/**" = ["statements"]

A name may be written with `-` or with `_`. pydantic is imported only to say what is wrong with a setting: most files
are checked in less time than that takes.
"""

from __future__ import annotations

import difflib
import re
import sys
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from scriptkit.checking.baselines import BaselineError, Known
from scriptkit.checking.selecting import PerFile, Selection
from scriptkit.errors import ScriptkitError, source_text
from scriptkit.pyproject import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINES = ("torchscript", "export")


class ConfigError(ScriptkitError):
    """A `pyproject.toml` that cannot be read, or a setting that does not exist; `line` and `column` say where."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True)
class Config:
    """The settings, each with its default."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    all_modules: bool = False
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    typed_calls: bool = True
    torch: str = ""
    engines: tuple[str, ...] = ("torchscript",)
    baseline: str = ""
    per_file_ignores: dict[str, tuple[str, ...]] = field(default_factory=dict)
    folder: str = ""  # that of the file; what patterns of paths are relative to

    @property
    def selection(self) -> Selection:
        """Which rules count, in which files."""
        per_file = PerFile(self.folder, tuple(self.per_file_ignores.items()))
        return Selection(self.select, self.ignore, per_file, self.engines)

    @property
    def baseline_file(self) -> Path | None:
        """Where the findings lie that are known already."""
        return Path(self.folder, self.baseline) if self.baseline else None


def known_findings(config: Config) -> Known | None:
    """What the baseline of a project knows, if it has one. Raises `ConfigError` where it cannot be read."""
    if config.baseline_file is None:
        return None
    try:
        return Known.of(config.baseline_file)
    except BaselineError as error:
        pyproject = Path(config.folder, "pyproject.toml")
        settings = _Settings(pyproject, source_text(str(pyproject)) or "")
        raise settings.error(("baseline", config.baseline), f"baseline: {error}") from None


def load(pyproject: Path | None) -> Config:
    """The settings in this file, or the defaults. Raises `ConfigError` that names file, place and setting."""
    if pyproject is None:
        return Config()
    try:
        text = pyproject.read_text(encoding="utf-8")
        table = _parsed(text).get("tool", {}).get("scriptkit", {})
    except (OSError, ValueError) as error:
        raise _unreadable(pyproject, error) from None
    settings = _Settings(pyproject, text)
    known = settings.with_known_names(table) if isinstance(table, dict) else table
    return settings.checked(_as_written(known, str(pyproject.parent)) or settings.validated(known))


@dataclass(frozen=True)
class _Settings:
    """The text of the settings, to say where in it something is wrong."""

    path: Path
    text: str

    def error(self, words: tuple[str, ...], message: str) -> ConfigError:
        """An error at the place of the last of these words."""
        line, column = place_of(self.text, *words)
        return ConfigError(f"{self.path}:{line}:{column}: [tool.scriptkit] {message}", line, column)

    def with_known_names(self, table: dict[str, Any]) -> dict[str, Any]:
        """The same table with the names of `Config`."""
        names = [one.name for one in fields(Config) if one.name != "folder"]
        for name in table:
            if name.replace("-", "_") not in names:
                near = difflib.get_close_matches(name.replace("-", "_"), names, 1)
                known = f"near it: `{near[0]}`" if near else f"there are {', '.join(names)}"
                raise self.error((name,), f"{name}: there is no such setting; {known}")
        return {name.replace("-", "_"): value for name, value in table.items()}

    def validated(self, table: Any) -> Config:
        """The settings, by pydantic. Raises `ConfigError` for the first that is wrong."""
        from pydantic import TypeAdapter, ValidationError

        try:
            return replace(TypeAdapter(Config).validate_python(table), folder=str(self.path.parent))
        except ValidationError as error:
            first = error.errors()[0]
            setting = ".".join(map(str, first["loc"]))
            words = tuple(str(part) for part in first["loc"] if isinstance(part, str))
            raise self.error((*map(self._spelling, words[:1]), *words[1:]), f"{setting}: {first['msg']}") from None

    def _spelling(self, name: str) -> str:
        dashed = name.replace("_", "-")
        return dashed if dashed in self.text else name

    def checked(self, config: Config) -> Config:
        """The same settings. Raises `ConfigError` where a word in them means no rule, or no torch."""
        from scriptkit.language import versions
        from scriptkit.rules.groups import names_rules, near

        lists = {"select": config.select, "ignore": config.ignore, **config.per_file_ignores}
        for name, words in lists.items():
            for word in words:
                if word != "ALL" and not names_rules(word):
                    raise self.error((name, word), f"{name}: `{word}` names no rule; {near(word)}")
        for engine in config.engines:
            if engine not in ENGINES:
                raise self.error(
                    ("engines", engine), f"engines: `{engine}` is no engine; there are {', '.join(ENGINES)}"
                )
        try:
            if config.torch:
                versions.named(config.torch)
        except versions.UnknownTorchError as error:
            raise self.error(("torch", config.torch), f"torch: {error}") from None
        return config


def _unreadable(path: Path, error: Exception) -> ConfigError:
    place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    line, column = (int(place[1]), int(place[2])) if place else (1, 1)
    why = str(error).partition(" (at ")[0] if place else str(error)
    return ConfigError(f"{path}:{line}:{column}: {why}", line, column)


def _as_written(table: Any, folder: str) -> Config | None:
    """The settings, if there is nothing to say about them."""
    if not isinstance(table, dict):
        return None
    given: dict[str, Any] = {name: _frozen(value) for name, value in table.items()}
    return Config(**given, folder=folder) if all(_IS_RIGHT[name](value) for name, value in given.items()) else None


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_words(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_table_of_words(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_words(words) for words in value.values())


_IS_RIGHT: dict[str, Callable[[Any], bool]] = {
    "all_modules": _is_switch,
    "select": _is_words,
    "ignore": _is_words,
    "typed_calls": _is_switch,
    "torch": _is_text,
    "engines": _is_words,
    "baseline": _is_text,
    "per_file_ignores": _is_table_of_words,
}


def _parsed(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
