"""The operators of torchvision, declared without kernels: its models run where its binary part does not load."""

from __future__ import annotations

import torch

SCHEMAS = """
nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor
qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor
roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt h, SymInt w, int ratio, bool aligned) -> Tensor
qroi_align(Tensor input, Tensor rois, float spatial_scale, int h, int w, int ratio, bool aligned) -> Tensor
roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt h, SymInt w) -> (Tensor, Tensor)
ps_roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt h, SymInt w, int ratio) -> (Tensor, Tensor)
ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt h, SymInt w) -> (Tensor, Tensor)
deform_conv2d(Tensor a, Tensor b, Tensor c, Tensor d, Tensor e, SymInt[] sizes, bool use_mask) -> Tensor
_roi_align_backward(Tensor grad, Tensor rois) -> Tensor
_roi_pool_backward(Tensor grad, Tensor rois, Tensor argmax) -> Tensor
_ps_roi_align_backward(Tensor grad, Tensor rois, Tensor mapping) -> Tensor
_ps_roi_pool_backward(Tensor grad, Tensor rois, Tensor mapping) -> Tensor
_deform_conv2d_backward(Tensor grad, Tensor a, Tensor b) -> Tensor
"""

_libraries: list[torch.library.Library] = []


def declare() -> None:
    """Declare every operator that torchvision registers fake kernels for when it is imported; once per process."""
    if _libraries or hasattr(torch.ops.torchvision, "nms"):
        return
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS.strip().splitlines():
        library.define(schema)
    _libraries.append(library)
