from collections.abc import Callable
from typing import Final as Final
from typing import TypeVar

from scriptkit.authoring.module import ScriptableModule as ScriptableModule

_F = TypeVar("_F", bound=Callable[..., object])

def export(method: _F) -> _F: ...
def ignore(method: _F) -> _F: ...
def unused(method: _F) -> _F: ...
