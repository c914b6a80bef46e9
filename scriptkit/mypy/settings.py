"""`[tool.scriptkit]` as the plugin reads it: nearest to mypy's own configuration file."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.installed import installed_torch
from scriptkit.pyproject import pyproject_of

if TYPE_CHECKING:
    from mypy.options import Options

    from scriptkit.checking import Selection
    from scriptkit.checking.baselines import Known
    from scriptkit.config import Config, ConfigError


class Settings:
    """The settings of a project; read when the first file is judged, since a warm run judges none."""

    def __init__(self, options: Options) -> None:
        folder = Path(options.config_file).parent if options.config_file else Path.cwd()
        self._pyproject = pyproject_of(folder.resolve())

    @cached_property
    def config(self) -> Config:
        """The settings; the defaults where they cannot be read."""
        return self._loaded[0]

    @property
    def error(self) -> ConfigError | None:
        """What is wrong with the settings."""
        return self._loaded[1]

    @property
    def known(self) -> Known | None:
        """The findings that are known already."""
        return self._loaded[2]

    @cached_property
    def _loaded(self) -> tuple[Config, ConfigError | None, Known | None]:
        from scriptkit import config

        loaded = config.Config()
        try:
            loaded = config.load(self._pyproject)
            return loaded, None, config.known_findings(loaded)
        except config.ConfigError as error:
            return loaded, error, None

    @cached_property
    def selection(self) -> Selection:
        """Which rules count."""
        return self.config.selection

    @cached_property
    def digest(self) -> str:
        """A hash of the file that holds the settings, of its baseline, and of the torch that code is judged for."""
        settings = self._pyproject.read_bytes() if self._pyproject else b""
        if b"baseline" in settings:  # few projects have one; the others need not have their settings read
            known = self.config.baseline_file
            settings += known.read_bytes() if known is not None and known.exists() else b""
        return hashlib.sha256(settings + f"\0{installed_torch()}".encode()).hexdigest()
