"""Models that switch autocast on by themselves."""

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Decorated(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    @torch.autocast("cpu", dtype=torch.bfloat16)  # type: ignore[untyped-decorator]
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x)) * 2.0


class Within(ScriptableModule):
    """TorchScript's own autocast gives float32 here."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return torch.relu(self.fc(x)) * 2.0


class Restoring(ScriptableModule):
    """What it returns has the dtype of its input again."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    @torch.autocast("cpu", dtype=torch.bfloat16)  # type: ignore[untyped-decorator]
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x)).to(x.dtype)


class WithinOlderNames(ScriptableModule):
    """Deprecated classes of torch, whose code Python 3.13 hides from the compiler."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor, on: bool = True) -> Tensor:
        with torch.cpu.amp.autocast(on, cache_enabled=False):  # type: ignore[attr-defined]
            y = torch.mm(x, x)
        with torch.cuda.amp.autocast(dtype=torch.float16):
            return self.fc(y.to(x.dtype))


class Foreign(nn.Module):
    """Other people's code: the device of what it is given decides."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            y: Tensor = self.fc(x)
        return y


class ForeignWithout(Foreign):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(device_type=x.device.type, enabled=False), torch.no_grad():
            y: Tensor = self.fc(x.float())
        return y


class Round(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part: nn.Module = Foreign()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        return y


class RoundWithout(Round):
    def __init__(self) -> None:
        super().__init__()
        self.part = ForeignWithout()

    @torch.autocast("cpu", enabled=False)  # type: ignore[untyped-decorator]
    def forward(self, x: Tensor) -> Tensor:
        with torch.amp.autocast("cpu", torch.bfloat16, False):
            y: Tensor = self.part(x)
        return y


class WithoutWithin(ScriptableModule):
    """The inner sum stays float32, in a file as well."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = torch.mm(x, x)
            with torch.autocast("cpu", enabled=False):
                z = torch.mm(x, x)
        return y.float() + z
