"""The settings of the project that a file belongs to, read again when their file changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit import config
from scriptkit.pyproject import pyproject_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scriptkit.checking.baselines import Known


@dataclass(frozen=True)
class Wishes:
    """What the editor asks for; what it leaves open is as the project says."""

    all_modules: bool | None = None
    modes: bool = True
    debounce: float = 0.06  # seconds without a change, after which a text is judged

    def changed(self, given: Any) -> Wishes:
        """The same with what an editor sent: `allModules`, `modes`, `debounce` in milliseconds; the rest is ignored."""
        if not isinstance(given, dict):
            return self
        wishes = self
        if isinstance(given.get("allModules"), bool) or ("allModules" in given and given["allModules"] is None):
            wishes = replace(wishes, all_modules=given["allModules"])
        if isinstance(given.get("modes"), bool):
            wishes = replace(wishes, modes=given["modes"])
        if isinstance(given.get("debounce"), (int, float)) and not isinstance(given["debounce"], bool):
            wishes = replace(wishes, debounce=min(max(given["debounce"], 0), 5000) / 1000)
        return wishes


class Project(NamedTuple):
    """What a project says: its settings, and the findings that are known already."""

    settings: config.Config
    known: Known | None = None


class _Read(NamedTuple):
    state: tuple[tuple[int, int], ...]
    project: Project
    error: config.ConfigError | None


class Settings:
    """The settings of every project that files were opened of."""

    def __init__(self) -> None:
        self._read: dict[Path, _Read] = {}

    def of(self, path: str, wishes: Wishes) -> Project:
        """The settings for a file; the defaults where they cannot be read, which `errors` tells."""
        file = pyproject_of(Path(path).resolve().parent)
        project = Project(config.Config()) if file is None else self._of_project(file).project
        if wishes.all_modules is None:
            return project
        return project._replace(settings=replace(project.settings, all_modules=wishes.all_modules))

    def errors(self) -> Mapping[Path, config.ConfigError | None]:
        """Each file of settings that was read, and what is wrong with it."""
        return {path: read.error for path, read in self._read.items()}

    def forget(self) -> None:
        """Read them again when they are needed next, also where size and time of a file are the same."""
        self._read = {path: read._replace(state=()) for path, read in self._read.items()}

    def _of_project(self, file: Path) -> _Read:
        read = self._read.get(file)
        if read is None or read.state != _state(file, read.project):
            read = self._read[file] = _loaded(file)
        return read


def _loaded(file: Path) -> _Read:
    project, error = Project(config.Config()), None
    try:
        project = Project(config.load(file))
        project = project._replace(known=config.known_findings(project.settings))
    except config.ConfigError as found:
        error = found
    return _Read(_state(file, project), project, error)


def _state(file: Path, project: Project) -> tuple[tuple[int, int], ...]:
    """What changes when the settings are written, or the baseline that they name."""
    files = [file, *filter(None, [project.settings.baseline_file])]
    found = [one.stat() for one in files if one.exists()]
    return tuple((one.st_mtime_ns, one.st_size) for one in found)
