"""The forms in which a model can run."""

from typing import Literal

FormName = Literal["eager", "compiled", "loaded", "exported"]
