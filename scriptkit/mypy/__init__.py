"""The mypy plugin: the findings of scriptkit in the editor, and calls of modules with the types of their `forward`.

    [tool.mypy]
    plugins = ["scriptkit.mypy"]

This file only dispatches; each hook stands in a file of its own, imported when it is first needed: a run that finds
everything in mypy's cache needs none. The rules run after a file is type checked; where mypy does not offer that moment
(before 2.4, and when the daemon looks at a part of a file again), they run at its classes.
"""

from __future__ import annotations

from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from mypy.checker import TypeChecker
from mypy.checker_state import checker_state
from mypy.nodes import TypeInfo
from mypy.plugin import Plugin
from mypy.semanal import SemanticAnalyzer

from scriptkit.mypy import codes, names
from scriptkit.mypy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.nodes import MypyFile
    from mypy.options import Options
    from mypy.plugin import (
        AttributeContext,
        ClassDefContext,
        FunctionContext,
        MethodContext,
        MethodSigContext,
        ReportConfigContext,
    )
    from mypy.types import FunctionLike, Type

    from scriptkit.mypy.attributes import Attributes
    from scriptkit.mypy.reporting import Reporter

AFTER_CHECKING = hasattr(Plugin, "get_additional_indirect_deps")


A = TypeVar("A")
R = TypeVar("R")


def _harmless(method: Callable[[ScriptkitPlugin, A], R]) -> Callable[[ScriptkitPlugin, A], R | None]:
    """A method that gives None where it fails, and says so in a note: the user's run goes on."""

    @wraps(method)
    def call(self: ScriptkitPlugin, argument: A) -> R | None:
        try:
            return method(self, argument)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is ours
            self._confess(error)
            return None

    return call


class ScriptkitPlugin(Plugin):
    """What mypy calls."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        codes.all_codes()
        self._settings = Settings(options)
        self._checkers: dict[str, TypeChecker] = {}
        self._at_classes = not AFTER_CHECKING or options.fine_grained_incremental

    @cached_property
    def _reporter(self) -> Reporter:
        from scriptkit.mypy.reporting import Reporter

        return Reporter(self._settings)

    def _confess(self, error: Exception) -> None:
        self._reporter.confess(error)

    @cached_property
    def _attributes(self) -> Attributes:
        from scriptkit.mypy.attributes import Attributes

        return Attributes()

    def report_config_data(self, ctx: ReportConfigContext) -> Any:
        """What mypy's cache of a file depends on besides the file."""
        return [codes.digest(), "" if "site-packages" in ctx.path else self._settings.digest]

    def get_base_class_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Called for each base of each class: the one moment at which mypy shows where its errors go."""
        del fullname
        return self._on_class

    @_harmless
    def get_method_signature_hook(self, fullname: str) -> Callable[[MethodSigContext], FunctionLike] | None:
        """Calls of modules: `module(x)` is a call of `Module.__call__`."""
        owner, _, name = fullname.rpartition(".")
        self._remember_checker()
        if name != names.CALL or not self._is_module(owner):
            return None
        from scriptkit.mypy import calls

        return self._reporter.guarded(calls.signature_of_call, lambda ctx: ctx.default_signature)

    @_harmless
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """What is taken out of containers of modules."""
        owner, _, _ = fullname.rpartition(".")
        if owner not in names.CONTAINERS or not self._settings.config.typed_calls:
            return None
        return self._reporter.guarded(self._attributes.taken, lambda ctx: ctx.default_return_type)

    @_harmless
    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """What containers of modules are built with, and iteration over them."""
        self._remember_checker()
        is_container = fullname in names.CONTAINERS
        if not (is_container or fullname in names.ITERATORS) or not self._settings.config.typed_calls:
            return None
        from scriptkit.mypy import containers

        hook = self._attributes.built if is_container else containers.iterated
        return self._reporter.guarded(hook, lambda ctx: ctx.default_return_type)

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Attributes that hold containers of modules."""
        if "_attributes" not in vars(self) or fullname not in self._attributes:
            return None
        return self._reporter.guarded(partial(self._attributes.read, fullname), lambda ctx: ctx.default_attr_type)

    def _remember_checker(self) -> None:
        """Mypy shows its checker of a file while it checks that file, and no more when it has finished."""
        checker = checker_state.type_checker
        if AFTER_CHECKING and isinstance(checker, TypeChecker):
            self._checkers[checker.path] = checker

    def _is_module(self, fullname: str) -> bool:
        symbol = self.lookup_fully_qualified(fullname)
        is_module = symbol and isinstance(symbol.node, TypeInfo) and symbol.node.has_base(names.MODULE)
        return bool(is_module) and self._settings.config.typed_calls

    @_harmless
    def _on_class(self, ctx: ClassDefContext) -> None:
        if not isinstance(ctx.api, SemanticAnalyzer):
            return
        self._reporter.errors = ctx.api.errors
        info = ctx.cls.info
        if (info.has_base(names.MODULE) or info.fullname == names.TENSOR) and self._settings.config.typed_calls:
            from scriptkit.mypy import buffers, untyped

            self._reporter.guarded(buffers.add_buffers, lambda _: None)(ctx)
            self._reporter.guarded(untyped.type_methods_of_tensor, lambda _: None)(ctx)
        if self._at_classes:
            self._reporter.report_analysed(ctx.api.cur_mod_node, is_checked_later=AFTER_CHECKING)
            self._reporter.repeat_misfits(ctx.api.cur_mod_node)

    def get_additional_indirect_deps(self, file: MypyFile) -> set[str]:
        """Called when a file is type checked; the rules add no dependency."""
        self._report(file)
        return set()

    @_harmless
    def _report(self, file: MypyFile) -> None:
        checker = self._checkers.pop(file.path, None)
        self._reporter.report_checked(file, checker)
        self._reporter.report_misfits(file, checker)


def plugin(version: str) -> type[Plugin]:
    """What mypy asks a plugin for."""
    del version
    return ScriptkitPlugin
