"""`[tool.scriptkit]` of a project's `pyproject.toml`, as the tools read it; nothing at run time does.

    [tool.scriptkit]
    all_modules = true                # check every nn.Module, not only ScriptableModule
    select = ["ALL"]                  # names, codes, prefixes of codes; a rule that is off by default must be named
    ignore = ["tensor-on-default-device"]
    typed_calls = true                # mypy: a call of a module has the signature of its `forward`
    torch = "2.10"                    # the torch that the code is for, where that is not the installed one

pydantic is imported only to say what is wrong with a setting: most files are checked in less time than that takes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class ConfigError(ScriptkitError):
    """A `pyproject.toml` that cannot be read, or a setting that does not exist."""


@dataclass(frozen=True)
class Config:
    """The settings, each with its default."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    all_modules: bool = False
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    typed_calls: bool = True
    torch: str = ""


def load(pyproject: Path | None) -> Config:
    """The settings in this file, or the defaults. Raises `ConfigError` that names the file and the setting."""
    if pyproject is None:
        return Config()
    try:
        table = _read(pyproject).get("tool", {}).get("scriptkit", {})
    except (OSError, ValueError) as error:
        raise ConfigError(f"{pyproject}: {error}") from None
    config = _as_written(table) or _validated(pyproject, table)
    for word in (*config.select, *config.ignore):
        if not names_rules(word):
            raise ConfigError(f"{pyproject}: [tool.scriptkit]: `{word}` names no rule; `scriptkit rules` lists them")
    if config.torch:
        _known_torch(pyproject, config.torch)
    return config


def _known_torch(pyproject: Path, version: str) -> None:
    from scriptkit.language import versions

    try:
        versions.named(version)
    except versions.UnknownTorchError as error:
        raise ConfigError(f"{pyproject}: [tool.scriptkit] torch: {error}") from None


def _as_written(table: Any) -> Config | None:
    """The settings, if there is nothing to say about them."""
    if not isinstance(table, dict) or not _IS_RIGHT.keys() >= table.keys():
        return None
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return Config(**given) if all(_IS_RIGHT[name](value) for name, value in given.items()) else None


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_words(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_IS_RIGHT: dict[str, Callable[[Any], bool]] = {
    "all_modules": _is_switch,
    "select": _is_words,
    "ignore": _is_words,
    "typed_calls": _is_switch,
    "torch": _is_text,
}


def _validated(pyproject: Path, table: Any) -> Config:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Config).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{pyproject}: [tool.scriptkit] {setting}: {first['msg']}") from None


def names_rules(word: str) -> bool:
    """Whether a word of `select` or `ignore` is a name, a code, the beginning of a code, or `ALL`."""
    if word == "ALL":
        return True
    from scriptkit.rules import all_rules

    is_code = word.upper().startswith("SK")
    return any(word == rule.name or (is_code and rule.code.startswith(word.upper())) for rule in all_rules())


def _read(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(path.read_text(encoding="utf-8"))
