"""`[tool.scriptkit]` as the plugin reads it: nearest to mypy's own configuration file."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit import config

if TYPE_CHECKING:
    from mypy.options import Options

    from scriptkit.checking import Selection


class Settings:
    """The settings of a project; read when the first file is judged, since a warm run judges none."""

    def __init__(self, options: Options) -> None:
        folder = Path(options.config_file).parent if options.config_file else Path.cwd()
        self._pyproject = config.pyproject_of(folder.resolve())

    @cached_property
    def loaded(self) -> config.Config | config.ConfigError:
        """The settings, or what is wrong with them."""
        try:
            return config.load(self._pyproject)
        except config.ConfigError as error:
            return error

    @property
    def config(self) -> config.Config:
        """The settings; the defaults where they cannot be read."""
        return config.Config() if isinstance(self.loaded, config.ConfigError) else self.loaded

    @cached_property
    def selection(self) -> Selection:
        """Which rules count."""
        from scriptkit.checking import Selection

        return Selection(self.config.select, self.config.ignore)

    @cached_property
    def digest(self) -> str:
        """A hash of the file that holds the settings."""
        return hashlib.sha256(self._pyproject.read_bytes()).hexdigest() if self._pyproject else ""
