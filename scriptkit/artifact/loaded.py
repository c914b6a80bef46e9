"""A model that came from a file."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final

from scriptkit.artifact.inputs import input_error
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from scriptkit.artifact.manifest import Manifest, Method
    from scriptkit.engines import interface


_NO_CLASS: Final = re.compile(
    r"(?:classType INTERNAL ASSERT FAILED|Unknown reference to ScriptClass).*?(?P<name>__torch__[\w.]*\w)", re.DOTALL
)


class LoadedModule:
    """A loaded model: call it, or its exported methods by name.

    `manifest` is what the file says of itself, `module` the `torch.jit.ScriptModule` beneath, for tools that want
    one; all its attributes (`parameters()`, `state_dict()`, ...) are also attributes here. Arguments that do not fit
    raise `InputError`, which names what was expected and what was given. A model that `optimize` made faster is for
    evaluation, on the device it was loaded to; `running` are the methods its calls run, where not those of `module`.
    """

    def __init__(
        self,
        module: torch.jit.ScriptModule,
        manifest: Manifest,
        running: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.module = module
        self.manifest = manifest
        runs = running or {}
        schemas = {schema.name: schema for schema in files.method_schemas(module)}
        for method in manifest.methods:
            compiled = runs.get(method.name) or files.bound_method(module, method.name)
            checked = _checked(compiled, method, schemas[method.name])
            setattr(self, "__scriptkit_forward__" if method.name == "forward" else method.name, checked)
            if method.name == "forward":
                self.forward = checked
                self.__signature__ = inspect.signature(checked)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Run `forward`."""
        return self.__scriptkit_forward__(*arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        """Whatever the module beneath has."""
        if name.startswith("_") or name == "module":
            raise AttributeError(name)
        return getattr(self.module, name)

    def __repr__(self) -> str:
        methods = ", ".join(method.name for method in self.manifest.methods)
        return f"LoadedModule({self.manifest.class_name}: {methods})"

    def to(self, *arguments: Any, **keywords: Any) -> LoadedModule:
        """Move or convert the parameters and buffers, as `torch.nn.Module.to`."""
        self._refuse_where_optimised("`to` cannot move them: `scriptkit.load(file, map_location=...)` does")
        self.module.to(*arguments, **keywords)
        return self

    def train(self, mode: bool = True) -> LoadedModule:  # noqa: FBT001, FBT002
        """Set training mode, as `torch.nn.Module.train`."""
        if mode:
            self._refuse_where_optimised("it cannot be trained: train the module it was made from")
        self.module.train(mode)
        return self

    def _refuse_where_optimised(self, why: str) -> None:
        optimization = getattr(self.manifest, "optimization", None)
        if optimization is not None and optimization.variant != "script":
            raise ArtifactError(f"the model was optimised for inference, and its weights are constants: {why}")

    def eval(self) -> LoadedModule:
        """Set evaluation mode."""
        return self.train(mode=False)


def _checked(compiled: Callable[..., Any], method: Method, schema: interface.MethodSchema) -> Callable[..., Any]:
    """The compiled method; when a call fails, its arguments are compared with the manifest."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return compiled(*arguments, **keywords)
        except Exception as error:
            explained = input_error(method, arguments, keywords, error) or _unknown_class(method, error)
            if explained is None:
                raise
            raise explained from error

    call.__name__ = call.__qualname__ = method.name
    call.__doc__ = method.signature
    call.__signature__ = _signature(schema)  # type: ignore[attr-defined]
    return call


def _unknown_class(method: Method, error: Exception) -> ArtifactError | None:
    """The error for a result of a class that this process does not have; torch calls it a bug of its own."""
    found = _NO_CLASS.search(str(error))
    if found is None:
        return None
    name = found["name"].removeprefix("__torch__.")
    message = f"`{method.name}` returned a `{name.rpartition('.')[2]}`, a class that this process does not have"
    return ArtifactError(f"{message}; import the file that defines it (`{name}`), or let the model return a NamedTuple")


def _signature(schema: interface.MethodSchema) -> inspect.Signature:
    return inspect.Signature(
        [
            inspect.Parameter(
                parameter.name,
                inspect.Parameter.KEYWORD_ONLY if parameter.keyword_only else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=parameter.default if parameter.has_default else inspect.Parameter.empty,
                annotation=parameter.type,
            )
            for parameter in schema.parameters
        ],
        return_annotation=schema.returns,
    )
