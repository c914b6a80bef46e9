"""Operators and methods of tensors, and branches on what they hold. Each function takes one float tensor of rank 2."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import itertools
import math
import operator
from collections import OrderedDict, namedtuple
from typing import Any, NamedTuple, Optional, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


from tests.compiling.forms.classes import *


def tensor_item(x):
    n = x.sum().item()
    return x * n + int(x.sum()) + float(x[0, 0])


def tensor_tolist(x):
    return x + len(x.sum(1).tolist())


def tolist_of_ints(x):
    n = x.size(0)
    sizes = torch.tensor([1, n - 1]).tolist()
    return torch.split(x, sizes, dim=0)[1]


def tensor_of_list(x):
    return x + torch.tensor([1.0, 2.0, 3.0]) + torch.tensor(2)


def tensor_of_sizes(x):
    return x * torch.tensor([x.size(0), 2, x.size(1)])


def tensor_of_nested(x):
    return x[0] + torch.tensor([[1.0, 2.0, 3.0], [0, 0, 0]]).sum(0) + torch.tensor([x.size(0) * 1.0])


def tensor_of_empty(x):
    return torch.cat([x.flatten(), torch.tensor([])])


def tensor_like(x):
    return torch.tensor(5, dtype=x.dtype, device=x.device) + x + torch.as_tensor([1.0, 2.0, 3.0], dtype=x.dtype)


def as_tensor_of_tensor(x):
    return torch.as_tensor(x, dtype=torch.float64)


def new_tensor(x):
    return x.new_tensor([1.0, 2.0, 3.0]) + x.new_zeros(3) + x.new_ones((3,)) + x.new_full((3,), 2)


def new_empty(x):
    return x.new_empty(x.shape).fill_(3.0)


def conversions(x):
    return x.long(), x.double(), x.bool(), x.int().float(), x.half(), x.type(torch.float64)


def to_forms(x):
    return (
        x.to(torch.float64),
        x.to("cpu"),
        x.to(x),
        x.to(dtype=torch.int64),
        x.type_as(x.double()),
        x.to(x.device, torch.float16),
    )


def dtype_questions(x):
    y = x + 1 if x.is_floating_point() and torch.is_floating_point(x) else x
    return y + 2 if not x.is_complex() and x.dtype.is_floating_point else y


def limits(x):
    return x.clamp(min=torch.finfo(x.dtype).min) + torch.finfo(torch.float32).eps + torch.iinfo(torch.int32).max


def shapes(x):
    b, c = x.shape
    return x.view(b, -1, c).squeeze(1).reshape(-1).view(x.size()).unflatten(1, (3, 1)).flatten(1)


def shape_numel(x):
    return x * x.numel() + x.shape.numel() + x.ndim + x.nelement() + x.ndimension()


def transposes(x):
    return x.T + x.t() + x.mT + x.transpose(-1, 0) + x.permute(1, 0) + x.swapaxes(0, 1)


def rank_three_transposes(x):
    y = x.unsqueeze(0)
    return y.permute(2, 0, 1), y.movedim(0, -1), y.mT


def index_forms(x):
    return x[0], x[-1:], x[:, 1], x[..., None], x[None], x[:, [0, 2]], x[x > 0], x[0, 1], x[::2], x[1:, :-1]


def index_with_tensor(x):
    i = torch.tensor([1, 0])
    return x[i], x[:, i], x[i, i], x.index_select(1, i), x.gather(1, torch.zeros_like(x).long())


def index_ellipsis_tuple(x):
    key = (Ellipsis, 1)
    return x[key]


def index_by_size(x):
    return x[x.size(0) - 1], x[: x.size(0) // 2]


def assign_forms(x):
    y = x.clone()
    y[0] = 1.0
    y[:, 1] = x[:, 0]
    y[y > 100] = 0
    y[..., 2] = torch.zeros(x.size(0))
    return y


def in_place_operators(x):
    y = x.clone()
    y += 1
    y *= 2.0
    y -= x
    y /= 3
    return y


def in_place_methods(x):
    y = x.clone()
    y.add_(1).mul_(2).clamp_(min=0)
    y.zero_()
    y.fill_(3).copy_(x)
    y.masked_fill_(x > 0, 7.0)
    return y


def masked_fill_inf(x):
    return x.masked_fill(x < 0, float("-inf")).softmax(-1), x.masked_fill(x > 0, torch.finfo(x.dtype).min)


def splits(x):
    a, b = x.split([1, 2], dim=1)
    c, d, e = torch.chunk(x, 3, dim=-1)
    f = torch.split(x, split_size_or_sections=1, dim=1)
    g = x.unbind(1)
    h = x.tensor_split(3, dim=1)
    return a + b[:, :1] + c * d - e + len(f) + g[0].unsqueeze(1) + h[2]


def split_of_tuple(x):
    return x.split((1, 2), 1)[1], x.split(split_size=2, dim=1)[0]


def chunks_of_run(x):
    return torch.stack([part.sum() for part in x.split(1, dim=0)])


def reductions(x):
    return (
        x.sum(),
        x.mean(-1),
        x.max(),
        x.max(1).values,
        x.max(dim=1, keepdim=True)[0],
        x.argmax(-1),
        x.std(0),
        x.var(1, unbiased=False),
        x.amax((0, 1)),
        x.prod(1),
        x.norm(),
        x.norm(p=2, dim=-1),
        x.norm(dim=1, keepdim=True),
    )


def max_unpacked(x):
    values, indices = x.max(dim=1)
    best = torch.max(x, dim=0)
    return values + indices, best.values, best.indices, torch.max(x, x * 2)


def topk_sort(x):
    v, i = x.topk(2, dim=1)
    s = torch.sort(x, dim=1, descending=True)
    return v + i, s.values, s[1], x.argsort(1), x.kthvalue(2, 1).values, x.median(1)[0], x.cummax(1)[0]


def nonzero_unique(x):
    return x.nonzero(), torch.nonzero(x > 0), torch.unique((x > 0).long()), x.gt(0).long().unique()


def nonzero_as_tuple(x):
    rows, columns = torch.nonzero(x > 0, as_tuple=True)
    return rows, columns


def where_forms(x):
    return torch.where(x > 0, x, 0.0), torch.where(x > 0, x, -x), x.where(x > 0, torch.zeros(()))


def makers(x):
    n = x.size(0)
    return (
        torch.arange(n),
        torch.arange(0, n, 2),
        torch.ones(n, 2),
        torch.zeros((n,)),
        torch.full((n, 2), 7),
        torch.eye(n),
        torch.linspace(0, 1, n),
        torch.zeros_like(x),
        torch.full_like(x, 2),
        torch.empty(n, 0),
        torch.arange(3.0),
        torch.ones(x.shape),
        torch.zeros(x.size(), dtype=torch.long),
    )


def meshgrids(x):
    a, b = torch.meshgrid(torch.arange(x.size(0)), torch.arange(3), indexing="ij")
    return a + b


def einsums(x):
    return torch.einsum("bi,bj->bij", x, x), torch.einsum("ij->i", [x])


def stacking(x):
    return (
        torch.stack((x, x), 1),
        torch.cat([x, x], dim=-1),
        torch.hstack((x, x)),
        torch.vstack([x, x]),
        torch.concat([x, x]),
    )


def repeats(x):
    return (
        x.repeat(2, 1),
        x.repeat_interleave(2, dim=0),
        x.expand(2, -1, -1),
        x.tile((2,)),
        torch.tile(x, (1, 2)),
        x.roll(1, 0),
        torch.flip(x, [0]),
        x.flip(1),
    )


def functional(x):
    return (
        F.relu(x),
        F.gelu(x, approximate="tanh"),
        F.softmax(x, dim=-1),
        F.layer_norm(x, (3,)),
        F.dropout(x, 0.5, training=False),
        F.normalize(x, dim=-1),
        F.pad(x, (1, 1)),
        F.pad(x, (1, 0), value=2),
        F.one_hot((x > 0).long(), 2),
        F.linear(x, x),
        F.silu(x),
        F.log_softmax(x, -1),
        F.cosine_similarity(x, x),
    )


def pad_by_size(x):
    return F.pad(x, (0, 5 - x.size(0)))


def interpolate_forms(x):
    y = x[None, None]
    return (
        F.interpolate(y, scale_factor=2),
        F.interpolate(y, size=(4, 4), mode="bilinear", align_corners=False),
        F.interpolate(y, size=y.shape[-2:]),
    )


def pooling(x):
    y = x[None]
    return F.max_pool1d(y, 2), F.avg_pool1d(y, 2, stride=1), F.adaptive_avg_pool1d(y, 1)


def conv_functional(x):
    return F.conv1d(x[None].transpose(1, 2), torch.ones(2, 3, 1))


def attention_functional(x):
    return F.scaled_dot_product_attention(x[None], x[None], x[None]), F.scaled_dot_product_attention(
        x, x, x, is_causal=True
    )


def losses(x):
    return (
        F.mse_loss(x, x * 2),
        F.cross_entropy(x, torch.zeros(x.size(0), dtype=torch.long)),
        F.l1_loss(x, x + 1, reduction="none"),
    )


def math_of_sizes(x):
    return (
        x * math.sqrt(x.size(1))
        + math.ceil(x.size(0) / 2)
        + math.floor(x.size(0) / 3)
        + math.log(x.size(0))
        + math.pow(2, 3)
    )


def math_of_tensor(x):
    return x * math.exp(1) + math.sin(0.5)


def numpy_of_numbers(x):
    return x * float(np.sqrt(4.0)) + np.prod([2, 3]) + int(np.ceil(2.5))


def numpy_of_size(x):
    return x * np.sqrt(x.size(0))


def math_domain_error(x):
    try:
        return x * math.sqrt(-1)
    except ValueError:
        return x


def arithmetic_of_numbers(x):
    return (
        torch.add(2, 3),
        torch.mul(x, 2),
        torch.div(x, 2, rounding_mode="floor"),
        torch.true_divide(x, 4),
        torch.sub(x, 1, alpha=2),
    )


def scalar_left(x):
    return 2 - x, 1 / (x + 10), 3 * x, 2**x, 1 > x, 7 % (x.abs() + 1)


def scalar_floor_divided(x):
    return 10 // (x.abs() + 1)


def comparisons(x):
    return (
        x == 0,
        x != x,
        x >= 0.5,
        torch.eq(x, x),
        torch.isclose(x, x),
        torch.equal(x, x),
        torch.allclose(x, x),
        x.isnan().any(),
        x.isinf().all(),
    )


def logical(x):
    return torch.logical_and(x > 0, x < 1), torch.logical_not(x > 0), torch.any(x > 0), (x > 0).all(-1)


def linear_algebra(x):
    return (
        torch.matmul(x, x.t()),
        torch.mm(x, x.t()),
        torch.bmm(x[None], x.t()[None]),
        torch.outer(x[0], x[0]),
        torch.linalg.norm(x),
        torch.cdist(x, x),
        torch.dot(x[0], x[0]),
        torch.baddbmm(x[None], x[None, :, :1], x[None, :1]),
        torch.addmm(x, x[:, :1], x[:1]),
    )


def complex_numbers(x):
    z = torch.complex(x, x)
    return torch.view_as_real(z), z.abs(), z.real, z.imag, torch.polar(x.abs(), x).real


def fft_forms(x):
    return torch.fft.rfft(x, dim=-1).abs(), torch.fft.ifft(torch.fft.fft(x)).real


def cumulative(x):
    return (
        x.cumsum(0),
        torch.cumprod(x, 1),
        x.diff(dim=0),
        torch.tril(x),
        x.triu(1),
        torch.diagonal(x),
        x.trace(),
        torch.diag(x[0]),
    )


def scatter_forms(x):
    i = torch.zeros_like(x).long()
    return (
        torch.zeros_like(x).scatter_add(0, i, x),
        torch.zeros_like(x).scatter_(1, i, 1.0),
        torch.zeros(3).index_add(0, torch.tensor([0, 1, 2]), x[0]),
        torch.bincount((x > 0).long().flatten()),
    )


def data_and_detach(x):
    return (
        x.data + x.detach(),
        x.requires_grad,
        x.is_contiguous(),
        x.stride(0),
        x.contiguous(memory_format=torch.contiguous_format),
    )


def device_parts(x):
    return torch.zeros(2, device=x.device), x.is_cuda, x.device.type == "cuda", x.layout == torch.strided


def size_keyword(x):
    return x.size(dim=0) * x, x.sum(axis=1), x.mean(dim=(0, 1)), x.unsqueeze(dim=0), x.flatten(start_dim=0)


def assertion_of_torch(x):
    torch._assert(x.dim() == 2, "two")
    torch._assert(x.size(0) < 100, "few")
    return x


def bucketize_search(x):
    edges = torch.tensor([-1.0, 0.0, 1.0])
    return torch.bucketize(x, edges), torch.searchsorted(edges, x)


def tensor_methods_named(x):
    return torch.Tensor.relu(x), Tensor.mul(x, 2), getattr(x, "abs")(), getattr(F, "relu")(x)


def tensor_class(x):
    return torch.FloatTensor([1.0, 2.0]), torch.LongTensor([1, 2]), torch.Size([x.size(0), 2])


def tensor_of_tensors(x):
    return torch.stack([x.sum(), x.mean()]), torch.tensor([float(x.sum()), 1.0])


def einops_like(x):
    b, c = x.shape
    return x.reshape(b, c // 3, 3).permute(0, 2, 1).reshape(b, -1)


def list_of_run_length(x):
    parts = [x[i] for i in range(x.size(0))]
    return parts[-1], len(parts)


def iterate_zip_of_rows(x):
    total = torch.zeros(3)
    for a, b in zip(x, x * 2):
        total = total + a * b
    return total


def branch_on_value(x):
    if x.sum() > 0:
        y, n = x + 1, 2
    else:
        y, n = x - 1, 3
    return y * n


def branch_returns(x):
    if (x > 0).any():
        if x.size(0) > 2:
            return x
        return x * 2
    elif x.size(0) == 2:
        return x * 3
    return x * 4


def branch_lists(x):
    out = []
    if x.size(0) > 2:
        out.append(x)
    else:
        out.append(x + 1)
    return out[0]


def branch_dicts(x):
    d = {"a": x}
    if x.sum() > 0:
        d["a"] = x * 2
        d["b"] = 1
    else:
        d["b"] = 2
    return d["a"] * d["b"]


def branch_tuples(x):
    pair = (x, 1.0) if x.sum() > 0 else (x * 2, 2.0)
    return pair[0] * pair[1]


def branch_slices(x):
    s = slice(0, 1) if x.sum() > 0 else slice(1, 2)
    return x[s]


def branch_dtypes(x):
    dtype = torch.float64 if x.size(0) > 2 else torch.float32
    return x.to(dtype)


def branch_none(x):
    y = None
    if x.sum() > 0:
        y = x * 2
    if y is not None:
        return y
    return x


def branch_objects(x):
    c = Counter(1)
    if x.sum() > 0:
        c.add(2)
    return x * c.total


def branch_functions(x):
    f = torch.relu if x.size(1) == 3 else torch.tanh
    return f(x)
