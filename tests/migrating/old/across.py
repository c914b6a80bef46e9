"""Uses what another file defines, under other names."""

import scripted
import torch
from scripted import Wide as W


class Child(scripted.Block):
    pass


def main() -> None:
    wide = torch.jit.script(W(4))
    wide.eval()
    print(wide.twice(torch.rand(1, 4)))
    block = torch.jit.script(scripted.Block(4))
    block.save("block.pt")
    torch.jit.save(block, "again.pt", _extra_files={"a": "b"})


if __name__ == "__main__":
    main()
