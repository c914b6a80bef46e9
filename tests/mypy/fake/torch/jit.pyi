from torch._jit_internal import export as export
