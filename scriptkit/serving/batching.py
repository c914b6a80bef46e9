"""Whether requests for a method may be put together in one call: tried with the model itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.examples import made_again
from scriptkit.artifact.manifest import TensorExample
from scriptkit.live.comparison import compare

if TYPE_CHECKING:
    from scriptkit.artifact.loaded import LoadedModule
    from scriptkit.artifact.manifest import Method
    from scriptkit.serving.triton_config import Ports

_SEED = 0
_REQUESTS = 3


def why_not_batched(model: LoadedModule, method: Method, ports: Ports) -> str | None:
    """Why each request has to be a call of its own; None where a batch gives what single calls give."""
    everything = (*ports.inputs, *ports.outputs)
    fixed = next((port.name for port in everything if port.dims[0] != -1 or port.dtype == "TYPE_STRING"), None)
    if fixed is not None:
        return f"the first dimension of `{fixed}` is fixed"
    generator = torch.Generator().manual_seed(_SEED)
    requests = [_request(method, generator) for _ in range(_REQUESTS)]
    call = getattr(model, method.name)
    try:
        with torch.no_grad():
            alone = [_items(call(*request)) for request in requests]
            together = _items(call(*(torch.cat(parts) for parts in zip(*requests, strict=True))))
    except Exception as error:  # noqa: BLE001 - whatever the model does not take together is sent alone
        return f"it does not take one row and several: {str(error).splitlines()[-1].strip()}"
    for number, name in enumerate(port.name for port in ports.outputs):
        parts = [result[number] for result in alone]
        if any(not part.dim() for part in parts) or sum(map(len, parts)) != len(together[number]):
            return f"`{name}` does not have one row for each of the requests"
        if compare(torch.cat(parts), together[number]):
            return f"`{name}` of a request depends on what else is in the batch"
    return None


def _request(method: Method, generator: torch.Generator) -> list[Any]:
    """One row of each input, like those of the example."""
    examples = [p.example for p in method.parameters if isinstance(p.example, TensorExample)]
    return [made_again(e.model_copy(update={"shape": [1, *e.shape[1:]]}), generator) for e in examples]


def _items(result: Any) -> list[torch.Tensor]:
    return [*result] if isinstance(result, (tuple, list)) else [result]
