"""A base class in a file of its own."""

from scriptkit import ScriptableModule


class Gain(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.gain = (1.0,)
