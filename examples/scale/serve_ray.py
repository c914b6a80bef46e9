"""Serving with Ray Serve: a deployment from a file, with batches and replicas.

    serve run examples.scale.serve_ray:application file=scorer.pt

A request is JSON, `{"features": [[...], ...]}`. Rows of several requests are scored in one call. What does not fit gets
an answer with status 422 and the words of the manifest. A file that is not there, or was changed, is refused when the
deployment starts.
"""

from __future__ import annotations

import asyncio
from typing import Any

import torch
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse

import scriptkit
from scriptkit.errors import ArtifactError

MOST_ROWS = 64


@serve.deployment(num_replicas=2, max_ongoing_requests=32, ray_actor_options={"num_cpus": 0.5})
class Served:
    """One replica: the model of a file, called for one request or for several at once."""

    def __init__(self, model: Any) -> None:
        torch.set_num_threads(1)
        self.model = scriptkit.load(model) if isinstance(model, str) else model
        with torch.inference_mode():
            self.score([torch.zeros(1, 8)] * 2)  # the slow first calls, before the first request

    @serve.batch(max_batch_size=MOST_ROWS, batch_wait_timeout_s=0.002)
    async def batched(self, requests: list[torch.Tensor]) -> list[Any]:
        """Scores for each request, in one call where all of them fit."""
        return await asyncio.to_thread(self.score, requests)

    def score(self, requests: list[torch.Tensor]) -> list[Any]:
        """One call; where one of the requests does not fit, each is called alone."""
        with torch.inference_mode():
            try:
                return [*self.model(torch.cat(requests)).split([len(rows) for rows in requests])]
            except (RuntimeError, ArtifactError):
                return [self._alone(rows) for rows in requests]

    def _alone(self, rows: torch.Tensor) -> Any:
        try:
            return self.model(rows)
        except (RuntimeError, ArtifactError) as error:
            return error

    async def __call__(self, request: Request) -> JSONResponse:
        """Answer one request."""
        try:
            rows = torch.tensor((await request.json())["features"])
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"the request is no JSON with `features`: {error}"}, status_code=400)
        result = await self.batched(rows)
        if isinstance(result, Exception):
            return JSONResponse({"error": str(result)}, status_code=422)
        return JSONResponse({"scores": result.tolist()})


def application(arguments: dict[str, str]) -> Any:
    """What `serve run` starts; a file that is refused is refused here, before anything starts."""
    scriptkit.load(arguments["file"])
    return Served.bind(arguments["file"])  # type: ignore[attr-defined]
