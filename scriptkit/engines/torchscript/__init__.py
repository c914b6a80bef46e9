"""The only room that touches `torch.jit`.

torch_names   every private part of torch this engine leans on, with its public fallback
programs      TorchScript programs: recorded, assembled, written, their state
lifting       class of a module -> a lifted class: the same code as the compiler accepts it
types         live tree -> a shadow of lifted classes without hooks -> a compiled type for each module
twin          compiled type + live tree -> a C++ module bound before each call, pulled back after it
calling       a call of compiled code as Python sees it
"""
