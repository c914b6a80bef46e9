"""One compiled method as the user calls it: Python's words for errors, the user's types for results."""

from __future__ import annotations

import builtins
import inspect
import linecache
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.engines.torchscript.calling.exception_types import raised_type, true_type
from scriptkit.engines.torchscript.calling.results import converter_for
from scriptkit.engines.torchscript.calling.traceback_frames import (
    PASSED_OVER,
    RECORDED_FROM,
    UserFrame,
    function_at,
    with_user_frames,
)
from scriptkit.engines.torchscript.lifting.ignoring import pending
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.types.shadow import class_of

if TYPE_CHECKING:
    from types import FunctionType

    from scriptkit.engines.torchscript.twin.twin import Twin

_EXPECTED: Final = re.compile(
    r"Expected a value of type '(?P<expected>.+?)' for argument '(?P<name>\w+)' but instead found type '(?P<found>.+?)'"
)
_FRAME: Final = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
_RAISED: Final = re.compile(
    r"^(?P<type>[A-Za-z_][\w.]*(?:Error|Exception|Iteration|Interrupt|Warning|\.\w+))(?::\s?(?P<text>.*))?$"
)

_RAISED_BY_USER: Final = re.compile(r"^[A-Za-z_]\w*\.[\w.]+(?::|$)")
_HERE: Final = "<--- HERE"
_FAILED: Final = "The following operation failed in the TorchScript interpreter"
_TRACED_FRAME: Final = re.compile(r"^(?P<path>\S.*\.py)\((?P<line>\d+)\): (?P<function>\S+)$", re.MULTILINE)

CALL_ERRORS: tuple[type[Exception], ...] = (RuntimeError, TypeError, private.JitError)


class CallTranslator:
    """Calls a compiled method and speaks Python to its caller."""

    __slots__ = ("_function", "_name", "convert", "in_inference_mode", "method")

    def __init__(self, twin: Twin, module: torch.nn.Module, name: str) -> None:
        self.method = twin.method(name)
        self._name = name
        self._function: FunctionType = inspect.unwrap(inspect.getattr_static(class_of(module), name))
        self.convert = converter_for(self._function)
        self.in_inference_mode = twin.facts.is_inference_method(name)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the method on the twin's present state."""
        try:
            if self.in_inference_mode:
                with torch.inference_mode():
                    result = self.method(*args, **kwargs)
            else:
                result = self.method(*args, **kwargs)
        except CALL_ERRORS as error:
            raise self.python_error(error, args, kwargs) from None
        return result if self.convert is None else self.convert(result)

    def python_error(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BaseException:
        """The error Python would have raised."""
        return python_error(error, self._function, self._name, (None, *args), kwargs)


def call_as_python(
    compiled: Any, function: FunctionType, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call a compiled free function and speak Python to its caller."""
    try:
        result = compiled(*args, **kwargs)
    except CALL_ERRORS as error:
        raise python_error(error, function, name, args, kwargs) from None
    convert = converter_for(function)
    return result if convert is None else convert(result)


def python_error(
    error: Exception, function: FunctionType, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> BaseException:
    """The error Python would have raised; `args` begin with a stand-in for `self` where there is one."""
    if pending.error is not None:
        raised, pending.error = pending.error, None
        return raised
    text = str(error)
    if ("Declaration: " in text or "Unknown keyword argument" in text) and "TorchScript interpreter" not in text:
        return _argument_error(text, function, name, args, kwargs)
    frames = [_user_frame(m["path"], int(m["line"]), m["function"]) for m in _FRAME.finditer(text)] or frames_of_trace(
        text
    )
    if not frames and _FAILED not in text:
        return error
    line = linecache.getline(*frames[-1][:2]) if frames else ""
    return with_user_frames(_as_python_error(error, text, line), frames)


def _argument_error(
    text: str, function: FunctionType, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> TypeError:
    """What Python says when a call does not fit the signature the user wrote."""
    signature = inspect.signature(function)
    try:
        _call_stub(function, signature)(*args, **kwargs)
    except TypeError as python_error:
        return TypeError(f"{python_error}\n  {name}{signature}")
    wrong = _EXPECTED.search(text)
    what = text.split("\n", maxsplit=1)[0]
    if wrong is not None:
        what = f"argument '{wrong['name']}' must be {_python_type(wrong['expected'])}, not {wrong['found']}"
    return TypeError(f"{function.__qualname__}() {what}\n  {name}{signature}")


def _python_type(torch_type: str) -> str:
    return torch_type.replace("NoneType", "None")


def _call_stub(function: FunctionType, signature: inspect.Signature) -> Any:
    """A function of the same signature and name that does nothing, so that Python itself words the error."""
    plain = [
        p.replace(annotation=p.empty, default=None if p.default is not p.empty else p.empty)
        for p in signature.parameters.values()
    ]
    header = str(signature.replace(parameters=plain, return_annotation=signature.empty))
    namespace: dict[str, Any] = {}
    exec(f"def {function.__name__}{header}: pass", namespace)  # noqa: S102 - names come from a signature
    stub = namespace[function.__name__]
    stub.__qualname__ = function.__qualname__
    return stub


def _as_python_error(error: Exception, text: str, line: str) -> BaseException:
    """`torch.jit.Error` as the exception the user's code raised at `line`, or as torch's own with its last message."""
    lines = text.rstrip().splitlines()
    start = _start_of_message(lines)
    if start is None:
        return error
    raised = _RAISED.match(lines[start])
    assert raised is not None  # noqa: S101 - found above
    name = raised["type"].removeprefix("builtins.")
    message = "\n".join([raised["text"] or "", *lines[start + 1 :]]).strip()
    if name == "RuntimeError":  # what was raised has its module before its name, what an operator raised has none
        name, message = (true_type if raised["type"] == name else raised_type)(message, line.strip())
    cls = getattr(builtins, name, None)
    if not (isinstance(cls, type) and issubclass(cls, Exception)):
        cls = _imported_exception(name)
    return error if cls is None else (cls(message) if message else cls())


def _start_of_message(lines: list[str]) -> int | None:
    """The line on which the exception is told; the message of one of the user's may look like another below it."""
    source = next((i for i in range(len(lines) - 1, -1, -1) if _HERE in lines[i]), 0)
    found = [i for i in range(source, len(lines)) if _RAISED.match(lines[i])]
    return next((i for i in found if _RAISED_BY_USER.match(lines[i])), found[-1] if found else None)


def _user_frame(path: str, line: int, function: str) -> UserFrame:
    """TorchScript names the function a frame was inlined into; its own name stands in the file."""
    return UserFrame(path, line, function_at(path, line) or function)


def frames_of_trace(text: str) -> list[UserFrame]:
    """The user's frames of an error in a trace, outermost first; torch lists every one it was recorded under."""
    frames: list[UserFrame] = []
    for found in _TRACED_FRAME.finditer(text):
        if found["path"] in RECORDED_FROM:
            break
        if found["path"] not in PASSED_OVER:
            frames.insert(0, UserFrame(found["path"], int(found["line"]), found["function"]))
    return frames


def _imported_exception(name: str) -> type[Exception] | None:
    module, _, attribute = name.rpartition(".")
    found = getattr(sys.modules.get(module), attribute, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None
