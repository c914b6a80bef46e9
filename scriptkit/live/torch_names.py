"""The private names of torch that rooms beneath the engines lean on, each looked up once.

Without those of copy-on-write storages, memory is copied; without the others, what needs them refuses in words.
"""

from __future__ import annotations

from typing import Any, Final

from scriptkit.live.private_names import PrivateName, found_for

LIVE_NAMES: Final[dict[str, PrivateName]] = {
    # ---- compiled modules
    "wrap a C++ module": PrivateName("torch.jit._recursive", "wrap_cpp_module"),
    "class of C++ modules": PrivateName("torch._C", "ScriptModule"),
    "submodules of a C++ module": PrivateName("torch._C", "ModuleDict"),
    "parameters of a C++ module": PrivateName("torch._C", "ParameterDict"),
    "buffers of a C++ module": PrivateName("torch._C", "BufferDict"),
    # ---- storages
    "copy on write": PrivateName("torch", "_lazy_clone", is_optional=True),
    "whether a copy is unwritten": PrivateName("torch._C", "_is_cow_tensor", is_optional=True),
    "address that is not asked to be writable": PrivateName("torch._C", "_data_address", is_optional=True),
    # ---- functions
    "functions beneath those of torch": PrivateName("torch._C", "_VariableFunctions"),
    # ---- operators while a program is exported
    "tensors without values": PrivateName("torch._subclasses.fake_tensor", "FakeTensor"),
    "dispatch keys": PrivateName("torch._C", "DispatchKey"),
    # ---- modes
    "unseen by function modes": PrivateName("torch._C", "DisableTorchFunction"),
    "unseen by dispatch modes": PrivateName("torch.utils._python_dispatch", "_disable_current_modes"),
}


def look_up(what: str) -> Any:
    """What a private name stands for, by its purpose in the table."""
    return found_for(what, LIVE_NAMES[what])
