"""Models the compiler refuses; import them where the class statement lets everything pass (`SCRIPTKIT_CHECK=off`)."""

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


def free(x: Tensor) -> Tensor:
    return x.nosuch()  # type: ignore[attr-defined, no-any-return]  # first failing line


class Inner(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + self.missing  # type: ignore[operator]  # second failing line


class Middle(ScriptableModule):
    """A child with two failing methods."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Good()

    def forward(self, x: Tensor) -> Tensor:
        y = [i for i in range(3) if i]  # third failing line
        return self.inner(x) + len(y)

    @torch.jit.export
    def other(self, x: Tensor) -> Tensor:
        return self.helper(x)

    def helper(self, x: Tensor) -> Tensor:
        return x + "a"  # type: ignore[operator]  # fourth failing line


class Good(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1


def broken(base: type[ScriptableModule] = ScriptableModule) -> type[ScriptableModule]:
    class Root(base):  # type: ignore[valid-type, misc]
        def __init__(self) -> None:
            super().__init__()
            self.good = Good()
            self.first = Inner()
            self.second = Middle()
            self.third = Middle()

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(self.good(x))
            x = self.second(x)
            return free(x) + self.third(x)

    return Root
