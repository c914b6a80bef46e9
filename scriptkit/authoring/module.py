"""`ScriptableModule`: checked at the class statement, compiled when its outermost constructor ends."""

from __future__ import annotations

import abc
import inspect
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

import torch

from scriptkit import switches
from scriptkit.authoring import conveniences
from scriptkit.authoring.conveniences import Convenience
from scriptkit.authoring.definition import check_definition
from scriptkit.engines.torchscript.engine.errors import raise_at_user_line
from scriptkit.engines.torchscript.engine.making import class_of, exported_methods, final_names, set_declared
from scriptkit.errors import CompilationError
from scriptkit.live.arrived_text import settle
from scriptkit.live.marks import root_of_scriptable
from scriptkit.live.sent_text import KEY as TEXT
from scriptkit.live.sent_text import SentText
from scriptkit.runtime import reading
from scriptkit.runtime.runtime import KEY, construction, note_reading_compiler, runtime_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scriptkit.authoring.calling import HasForward

P = ParamSpec("P")
R = TypeVar("R")


class ScriptableMeta(abc.ABCMeta):
    """The two moments of a class: its definition is checked, its instances are compiled."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, namespace)
        if TEXT not in namespace:  # else it arrives from where it was checked
            check_definition(cls)
        if not switches.is_disabled() and TEXT not in vars(cls) and cls.__module__.partition(".")[0] != "scriptkit":
            setattr(cls, TEXT, SentText([cls]))  # it is collected when somebody sends the class by value

    @property
    def __signature__(cls) -> inspect.Signature:
        """That of the constructor, not of this metaclass."""
        constructor: Any = vars(type(cls)).get("__init__") and cls.__init__  # type: ignore[misc]
        signature = inspect.signature(constructor)
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    if not TYPE_CHECKING:  # a typed `__call__` here would hide every constructor from type checkers

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            """Construct; when the outermost constructor ends, compile."""
            settle(cls)
            depth, construction.depth = construction.depth, construction.depth + 1
            try:
                module = super().__call__(*args, **kwargs)
            finally:
                construction.depth = depth
            if isinstance(module, ScriptableModule) and type(module) is cls:
                runtime = runtime_of(module)
                if depth == 0:
                    runtime.note_arguments(args, kwargs)
                if depth == 0 and not switches.is_disabled() and _has_forward(class_of(module)):
                    if switches.is_eager():
                        runtime.defer("it was made with compiling switched off, and compiles when it is called")
                    else:
                        _compile(module)
            return module


def _has_forward(cls: Any) -> bool:
    return not inspect.isabstract(cls) and (cls.forward is not torch.nn.Module.forward or bool(exported_methods(cls)))


def _compile(module: ScriptableModule) -> None:
    try:
        runtime_of(module).compile_types(module)
    except CompilationError as error:
        raise_at_user_line(error)


@root_of_scriptable
class ScriptableModule(torch.nn.Module, metaclass=ScriptableMeta):
    """An `nn.Module` that runs compiled, in training and in inference, and stays an ordinary `nn.Module`.

    Class keywords: `check_save=False` does not try at construction whether the module can be saved.

    Raises:
        ScriptabilityError: at the class statement, with every rule the class breaks.
        CompilationError: at the constructor, with a diagnostic per method the compiler refuses.
    """

    __scriptkit_check_save__: ClassVar[bool] = True

    if TYPE_CHECKING:
        code: Any
        graph: Any
        save: Any
        eager: Any

        def __call__(self: HasForward[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
            """Call `forward`: with its arguments, for its result."""

    else:
        code = Convenience(reading.code)
        graph = Convenience(reading.graph)
        save = Convenience(conveniences.save)
        eager = Convenience(reading.eager_call)

    def __init_subclass__(cls, *, check_save: bool | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if check_save is not None:
            cls.__scriptkit_check_save__ = check_save

    def _call_impl(self, *args: Any, **kwargs: Any) -> Any:
        # torch.fx patches `__call__` and `m.compile()` replaces it: this is the layer below both
        if torch.compiler.is_compiling():
            note_reading_compiler(id(self))
            return super()._call_impl(*args, **kwargs)  # type: ignore[no-untyped-call]
        runtime = self.__dict__.get(KEY)
        if not runtime or runtime.owner() is not self:
            runtime = runtime_of(self)
        return runtime.call(self, args, kwargs)

    def _scriptkit_call_exported(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if torch.compiler.is_compiling():
            return method(self, *args, **kwargs)
        return runtime_of(self).call_exported(method, self, args, kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        runtime = self.__dict__.get(KEY)
        if runtime and runtime.is_constructed and name in final_names(type(self)):
            message = (
                f"`{type(self).__name__}.{name}` is `Final`: compiled code holds its value; make a new module instead"
            )
            raise AttributeError(message)
        super().__setattr__(name, set_declared(self, name, value))

    def _apply(self, fn: Any, recurse: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's signature
        self._scriptkit_drop_twin()
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Load a state as `nn.Module` does."""
        self._scriptkit_drop_twin()
        return super().load_state_dict(state_dict, *args, **kwargs)

    def _scriptkit_drop_twin(self) -> None:
        """A twin holds its tensors a second time, and `torch.utils.swap_tensors` refuses such."""
        runtime = self.__dict__.get(KEY)
        if runtime and torch.__future__.get_swap_module_params_on_conversion():
            runtime.drop_twin()

    def __setstate__(self, state: dict[str, Any]) -> None:
        settle(type(self))
        super().__setstate__(state)  # type: ignore[no-untyped-call]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state.pop(KEY, None)
        return state
