"""The rules inside mypy: where their findings stand, how they are silenced, what happens when something fails."""

from __future__ import annotations

import importlib

import pytest

from scriptkit.mypy import AFTER_CHECKING
from scriptkit.mypy.codes import OWN, all_codes
from scriptkit.mypy.findings import Findings
from scriptkit.rules import all_rules
from tests.mypy.project import Project

BAD = """
    from torch import Tensor, nn

    class Bad(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (lambda t: t)(x){comment}
"""
LAMBDA = "scriptkit-lambda-expression"


@pytest.fixture
def everything(project: Project) -> Project:
    """A project that checks every `nn.Module`."""
    project.settings = "all_modules = true\n"
    return project


def bad(comment: str = "") -> str:
    return BAD.format(comment=comment and f"  # {comment}")


def test_a_finding_is_an_error_with_message_and_help_at_its_place(everything: Project) -> None:
    everything.write(m=bad())
    [found] = everything.check()
    assert (found.path, found.line, found.column, found.end) == ("m.py", 5, 17, "5:27")
    assert found.severity == "error"
    assert found.code == LAMBDA
    assert found.text == (
        "`lambda t: t` cannot be compiled; move it to a function or method with typed parameters and call that"
    )


def test_only_scriptable_modules_are_checked_unless_the_project_says_all_modules(project: Project) -> None:
    project.write(
        m=bad(),
        n=bad().replace("nn.Module", "scriptkit.ScriptableModule").replace("nn\n", "nn\n    import scriptkit\n"),
    )
    assert project.codes() == [f"n.py:6 {LAMBDA}"]


def test_columns_count_characters(everything: Project) -> None:
    everything.write(m=bad().replace("return (", 'é = "ééé"; return ('))
    [found] = everything.check()
    assert (found.column, found.end) == (28, "5:38")


def test_columns_are_right_with_mypys_other_parser(everything: Project) -> None:
    everything.write(m=bad().replace("return (", 'é = "ééé"; return ('))
    [found] = everything.check("--no-native-parser")
    assert (found.column, found.end) == (28, "5:38")


@pytest.mark.parametrize("code", [LAMBDA, "scriptkit"])
def test_type_ignore_silences_a_finding_by_its_code_or_by_the_umbrella(everything: Project, code: str) -> None:
    everything.write(m=bad(f"type: ignore[{code}]"))
    assert everything.codes() == []


def test_an_ignore_without_a_code_hides_a_finding_and_the_class_says_so(everything: Project) -> None:
    """It was meant for mypy, and the compiler does not read it."""
    everything.write(m=bad("type: ignore"))
    [found] = everything.check("--warn-unused-ignores")
    assert (found.line, found.severity, found.code) == (3, "error", "scriptkit-bare-ignore")
    assert "`lambda-expression` on line 5" in found.text
    everything.write(m=bad("type: ignore").replace("nn.Module):", "nn.Module):  # type: ignore[scriptkit-bare-ignore]"))
    assert everything.codes() == []


def test_an_ignore_without_a_code_that_hides_nothing_of_ours_is_mypys_business(everything: Project) -> None:
    everything.write(m=bad("type: ignore").replace("(lambda t: t)(x)", "x.sigmoid()"))
    assert everything.codes() == []


def test_a_type_ignore_that_silences_a_finding_counts_as_used_and_another_does_not(everything: Project) -> None:
    everything.write(m=bad(f"type: ignore[{LAMBDA}]"), n=bad(f"type: ignore[{LAMBDA}]").replace("(lambda t: t)", ""))
    assert everything.codes("--warn-unused-ignores") == ["n.py:5 unused-ignore"]


@pytest.mark.parametrize("code", [LAMBDA, "scriptkit"])
def test_codes_can_be_disabled(everything: Project, code: str) -> None:
    everything.mypy = f'disable_error_code = ["{code}"]\n'
    everything.write(m=bad())
    assert everything.codes() == []


def test_an_allow_comment_silences_a_rule(everything: Project) -> None:
    everything.write(m=bad("scriptkit: allow[lambda-expression]"))
    assert everything.codes() == []


def test_settings_ignore_a_rule(everything: Project) -> None:
    everything.settings += 'ignore = ["lambda-expression"]\n'
    everything.write(m=bad())
    assert everything.codes() == []


def test_what_the_baseline_of_the_project_knows_is_not_told(everything: Project) -> None:
    known = everything.folder / "known.json"
    everything.settings += 'baseline = "known.json"\n'
    everything.write(m=bad())
    lacking = everything.check()
    assert [found.code for found in lacking] == ["scriptkit-config", LAMBDA]
    assert "there is no baseline" in lacking[0].text
    known.write_text(
        '{"scriptkit_baseline": 1, "findings": [{"path": "m.py", "name": "lambda-expression", "class_name": "Bad", '
        '"method": "forward", "message": "`lambda t: t` cannot be compiled", "source": "return (lambda t: t)(x)"}]}'
    )
    assert everything.codes() == []
    everything.write(m="\n" + bad().replace("(x)", "(x) + (lambda u: u)(x)"))
    assert everything.codes() == [f"m.py:5 {LAMBDA}"]


def test_a_warning_is_a_note_with_its_code(everything: Project) -> None:
    everything.write(
        m=bad().replace("(lambda t: t)(x)", "x + torch.zeros(3)").replace("from torch", "import torch\n    from torch")
    )
    [found] = everything.check()
    assert (found.severity, found.code) == ("note", "scriptkit-tensor-on-default-device")


def test_unannotated_code_is_checked(everything: Project) -> None:
    everything.write(m=bad().replace("x: Tensor) -> Tensor", "x)"))
    assert everything.codes() == [f"m.py:5 {LAMBDA}"]


def test_a_class_whose_scriptable_base_stands_in_another_file_is_checked(project: Project) -> None:
    project.write(
        bases="from scriptkit import ScriptableModule\nclass Base(ScriptableModule): ...\n",
        m=bad().replace("nn.Module", "Base").replace("import Tensor, nn", "import Tensor\n    from bases import Base"),
    )
    assert project.codes() == [f"m.py:6 {LAMBDA}"]


def test_a_setting_that_does_not_exist_is_one_error(project: Project) -> None:
    project.settings = "all_moduls = true\n"
    project.write(m=bad(), n=bad())
    [found] = project.check()
    assert found.code == "scriptkit-config"
    assert "all_moduls" in found.text


def test_a_failure_of_ours_is_one_note_and_mypy_goes_on(everything: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(Findings, "of_checked" if AFTER_CHECKING else "of_analysed", fail)
    everything.write(m=bad() + "\n    y: int = ''\n")
    first, second = everything.check()
    assert (first.severity, first.code) == ("note", "scriptkit-internal")
    assert "RuntimeError('out of order')" in first.text
    assert second.code == "assignment"


def test_mypy_knows_a_code_for_every_rule_without_reading_one() -> None:
    assert sorted(all_codes()) == sorted([*OWN, *(rule.name for rule in all_rules())])


@pytest.mark.parametrize(
    "part",
    ["ScriptkitPlugin._is_module", "containers.described", "buffers._registered", "oracle.MypyOracle.call_schema"],
)
def test_wherever_something_of_ours_fails_mypy_goes_on(
    everything: Project, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    for module in ("containers", "buffers", "oracle"):
        importlib.import_module(f"scriptkit.mypy.{module}")
    monkeypatch.setattr(f"scriptkit.mypy.{part}", fail)
    everything.write(
        other="from torch import Tensor\ndef helper(x: Tensor) -> Tensor: ...\n",
        m="""
            from torch import Tensor, nn
            from other import helper

            class Net(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Identity()])

                def forward(self, x: Tensor) -> Tensor:
                    y: int = ''
                    for layer in self.layers:
                        x = layer(x)
                    return helper(x)
        """,
    )
    found = everything.check()
    assert [f.severity for f in found if f.code == "scriptkit-internal"] == ["note"]
    assert "assignment" in [f.code for f in found]


def test_a_final_that_is_assigned_again_is_an_error_wherever_it_is(project: Project) -> None:
    """In compiled code by the rule, elsewhere by mypy itself; `Final` of scriptkit is that of typing."""
    project.write(
        m="""
            from torch import Tensor
            from scriptkit import Final, ScriptableModule

            class Net(ScriptableModule):
                step: Final[int]

                def __init__(self) -> None:
                    super().__init__()
                    self.step = 1

                def forward(self, x: Tensor) -> Tensor:
                    self.step = 2
                    return x

                def reset(self) -> None:
                    self.step = 3

            class Sub(Net):
                def also(self) -> None:
                    self.step = 4

            Net().step = 5
        """,
    )
    assert sorted(project.codes()) == [
        "m.py:12 misc",
        "m.py:12 scriptkit-final-reassigned",
        "m.py:16 misc",
        "m.py:20 misc",
        "m.py:22 misc",
    ]


def test_the_torch_of_the_settings_is_judged_for(everything: Project) -> None:
    everything.write(
        m="""
            import torch
            from torch import Tensor, nn

            class Net(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return torch.cholesky(x)
        """,
    )
    everything.settings += 'torch = "2.13"\n'
    everything.write()
    assert not [code for code in everything.codes() if "scriptkit" in code]
    everything.settings = everything.settings.replace("2.13", "2.15")
    everything.write()
    assert "m.py:6 scriptkit-unsupported-torch-function" in everything.codes()


ELSEWHERE = """
    from torch import Tensor, nn

    class Base(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return helped((lambda t: t)(x))

    def helped(x: Tensor) -> Tensor:
        return (lambda t: t)(x)
"""

HEIR = """
    from base import Base
    from scriptkit import ScriptableModule

    class Net(Base, ScriptableModule):
        pass
"""


def test_what_a_class_compiles_of_other_files_is_told_at_the_class(project: Project) -> None:
    project.write(base=ELSEWHERE, m=HEIR)
    told = project.check()
    assert [(one.path, one.line, one.code) for one in told] == [("m.py", 4, LAMBDA)] * 2
    assert [one.text.partition("; ")[0] for one in told] == [
        "`lambda t: t` cannot be compiled (base.py:5)",
        "`lambda t: t` cannot be compiled (base.py:8)",
    ]


def test_what_the_other_file_is_told_of_is_not_told_again(everything: Project) -> None:
    everything.write(base=ELSEWHERE, m=HEIR)
    assert everything.codes() == [f"base.py:5 {LAMBDA}", f"base.py:8 {LAMBDA}"]


@pytest.mark.skipif(not AFTER_CHECKING, reason="before mypy 2.4, the rules run at classes")
def test_a_file_without_a_class_is_checked_for_the_functions_it_compiles(project: Project) -> None:
    project.write(
        m="""
        import scriptkit
        from torch import Tensor

        @scriptkit.script
        def same(x: Tensor) -> Tensor:
            return (lambda t: t)(x)
        """
    )
    assert [(found.line, found.code) for found in project.check() if "scriptkit" in found.code] == [(6, LAMBDA)]
