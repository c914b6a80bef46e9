"""A distributed checkpoint as one model file: `python -m examples.scale.to_file checkpoint scorer.pt`."""

from __future__ import annotations

import sys

from torch.distributed.checkpoint.state_dict_loader import load as load_checkpoint

import scriptkit
from examples.scale.model import Scorer, rows


def main(checkpoint: str, file: str) -> None:
    """Read what several processes wrote, and save it."""
    model = Scorer()
    state = model.state_dict()
    load_checkpoint(state, checkpoint_id=checkpoint, no_dist=True)
    model.load_state_dict(state)
    scriptkit.save(model.eval(), file, example_inputs=(rows(2),))
    print(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
