"""Registered buffers are attributes of type `Tensor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mypy.typed import assert_says

if TYPE_CHECKING:
    from tests.mypy.project import Project


def test_a_registered_buffer_is_a_tensor(project: Project) -> None:
    assert_says(
        project,
        """
        class Net(nn.Module):
            declared: Optional[Tensor]

            def __init__(self, big: bool) -> None:
                super().__init__()
                self.register_buffer("mean", torch.zeros(3))
                self.register_buffer(tensor=None, name="cache")
                self.register_buffer("declared", torch.zeros(3))
                self.register_buffer("assigned", torch.zeros(3))
                self.assigned: Tensor = torch.zeros(3)
                if big:
                    self.register_buffer("extra", torch.zeros(9), persistent=False)

            def forward(self, x: Tensor) -> Tensor:
                reveal_type(self.cache)  # = torch._tensor.Tensor | None
                reveal_type(self.declared)  # = torch._tensor.Tensor | None
                reveal_type(self.assigned)  # = "torch._tensor.Tensor"
                return x + self.mean + self.extra

        class Sub(Net):
            def __init__(self) -> None:
                super().__init__(True)
                self.register_buffer("mean", torch.zeros(4))

        Sub().mean = 3  # = Incompatible types in assignment
        """,
    )


def test_other_attributes_stay_what_torch_says(project: Project) -> None:
    assert_says(
        project, "reveal_type(nn.Linear(1, 2).nothing)  # = torch._tensor.Tensor | torch.nn.modules.module.Module"
    )
