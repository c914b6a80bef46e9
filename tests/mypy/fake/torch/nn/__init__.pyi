from torch.nn.modules.container import ModuleDict as ModuleDict
from torch.nn.modules.container import ModuleList as ModuleList
from torch.nn.modules.container import Sequential as Sequential
from torch.nn.modules.module import Module as Module

from .modules.layers import LSTM as LSTM
from .modules.layers import Identity as Identity
from .modules.layers import Linear as Linear
