from typing import Final as Final

from scriptkit.authoring.decorators import export as export
from scriptkit.authoring.decorators import ignore as ignore
from scriptkit.authoring.decorators import script as script
from scriptkit.authoring.decorators import unused as unused
from scriptkit.authoring.module import ScriptableModule as ScriptableModule
