"""`[tool.scriptkit]` of a project's `pyproject.toml`, as the tools read it; nothing at run time does.

    [tool.scriptkit]
    all_modules = true                # check every nn.Module, not only ScriptableModule
    select = ["ALL"]                  # names, codes, prefixes of codes; a rule that is off by default must be named
    ignore = ["tensor-on-default-device"]
    typed_calls = true                # mypy: a call of a module has the signature of its `forward`

pydantic is imported only where there are settings: most files are checked in less time than that takes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scriptkit.errors import ScriptkitError
from scriptkit.rules import all_rules

if TYPE_CHECKING:
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


def load(pyproject: Path | None) -> Config:
    """The settings in this file, or the defaults. Raises `ConfigError` that names the file and the setting."""
    if pyproject is None:
        return Config()
    from pydantic import TypeAdapter, ValidationError

    try:
        table = _read(pyproject).get("tool", {}).get("scriptkit", {})
        config = TypeAdapter(Config).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{pyproject}: [tool.scriptkit] {setting}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{pyproject}: {error}") from None
    for word in (*config.select, *config.ignore):
        if not names_rules(word):
            raise ConfigError(f"{pyproject}: [tool.scriptkit]: `{word}` names no rule; `scriptkit rules` lists them")
    return config


def names_rules(word: str) -> bool:
    """Whether a word of `select` or `ignore` is a name, a code, the beginning of a code, or `ALL`."""
    is_code = word.upper().startswith("SK")
    return word == "ALL" or any(
        word == rule.name or (is_code and rule.code.startswith(word.upper())) for rule in all_rules()
    )


def pyproject_of(folder: Path) -> Path | None:
    """The nearest `pyproject.toml` at or above a folder, if it has settings for scriptkit."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            return path if "tool.scriptkit" in path.read_text(encoding="utf-8", errors="replace") else None
    return None


def _read(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(path.read_text(encoding="utf-8"))
