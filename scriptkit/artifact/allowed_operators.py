"""Which operators a model may have without being trusted: an allow list, by namespace and by name.

Of torch's own namespaces those that models are made of. A namespace that torch does not ship was registered by a
package the user imported; of these only the ones known to read or write files are refused. Within `aten` names that
begin with an underscore are torch's internals, many of which trust their arguments: those that models are known to
have are listed.
"""

from __future__ import annotations

_SHIPPED = frozenset({"aten", "prim", "quantized", "_quantized", "prepacked", "mkldnn", "mkldnn_prepacked", "onednn"})
_ALSO_SHIPPED = frozenset({"mkl", "sparse", "profiler", "quantization", "xnnpack", "metal_prepack", "vulkan_prepack"})
_REFUSED_NAMESPACES = frozenset(
    "aot_inductor aoti c10d c10d_functional debugprims debug_mode_ops dist_rpc export fsdp higher_order inductor"
    " inductor_prims onnx prims rngprims static_runtime streams symm_mem tensorexpr torch_aoti triton"
    " image io video_reader torchaudio sox_io torchaudio_sox ffmpeg".split()
)
_REFUSED_IN_ATEN = frozenset(
    "save from_file as_strided_ as_strided_scatter as_strided_copy set_ set set_data resize_ resize resize_as_"
    " resize_as resize_as_sparse_ resize_as_sparse empty_strided new_empty_strided"
    " sparse_resize_ sparse_resize_and_clear_ sparse_resize sparse_resize_and_clear record_stream data_ptr".split()
)
_INTERNAL_IN_ATEN = frozenset(
    "_adaptive_avg_pool2d _adaptive_avg_pool3d _add_relu _add_relu_ _addmm_activation _aminmax _assert_async"
    " _assert_scalar _assert_tensor_metadata _autocast_to_full_precision _autocast_to_reduced_precision _backward"
    " _batch_norm_impl_index _cast_Byte _cast_Char _cast_Double _cast_Float _cast_Half _cast_Int _cast_Long"
    " _cast_Short _cdist_forward _conj _conj_physical _convolution _convolution_mode _cudnn_rnn_flatten_weight"
    " _dim_arange _embedding_bag _euclidean_dist _fft_c2c _fft_c2r _fft_r2c _functional_assert_async"
    " _functional_assert_scalar _fused_rms_norm _get_cpu_capability _get_tracing_state _grad_sum_to_size _indices"
    " _infer_size _int_mm _is_all_true _is_any_true _is_zerotensor _linalg_check_errors _linalg_det _linalg_eigh"
    " _linalg_eigvals _linalg_slogdet _linalg_solve_ex _linalg_svd _list_to_tensor _local_scalar_dense"
    " _log_softmax _logcumsumexp _masked_scale _masked_softmax _native_batch_norm_legit"
    " _native_batch_norm_legit_functional _native_batch_norm_legit_no_training _native_multi_head_attention"
    " _ncf_unsqueeze _ncf_view _neg_view _nested_tensor_from_mask _nested_tensor_from_mask_left_aligned"
    " _nnpack_available _nnz _no_grad_embedding_renorm_ _no_grad_fill_ _no_grad_normal_ _no_grad_uniform_"
    " _no_grad_zero_ _pack_padded_sequence _pack_sequence _pad_circular _pad_enum _pad_packed_sequence _pdist_forward"
    " _prelu_kernel _reshape_copy _reshape_from_tensor _safe_softmax _sample_dirichlet"
    " _scaled_dot_product_attention_math _scaled_dot_product_efficient_attention"
    " _scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu _set_item _shape_as_tensor"
    " _size_if_not_equal _slow_conv2d_forward _softmax _sparse_addmm _sparse_log_softmax _sparse_mm _sparse_softmax"
    " _sparse_sum _stack _standard_gamma _tensor_to_list _to_copy _to_cpu _to_dense _to_sparse _to_sparse_csr"
    " _transform_bias_rescale_qkv _transformer_encoder_layer_fwd _trilinear _unique _unique2 _unsafe_view"
    " _unwrap_optional _upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_lanczos2d_aa"
    " _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d _use_cudnn_rnn_flatten_weight"
    " _values _version _weight_norm _weight_norm_interface".split()
)
_PRIMITIVES = frozenset(
    "AutogradAdd Await CallFunction CallMethod Closure Constant ConstantChunk CreateObject DictConstruct Drop"
    " EnumName EnumValue Enter Exit Eval Function GetAttr HasAttr If InterfaceCall ListConstruct ListUnpack Load"
    " Loop ModuleContainerIndex NumToTensor Param Print RaiseException Reverse Return SetAttr Store StringIndex"
    " TracedAttr TracedFork TracedModuleForward TupleConstruct TupleIndex TupleSlice TupleUnpack Uninitialized"
    " With abs annotate awaitable awaitableClosure awaitable_nowait awaitable_wait data device dtype fork"
    " forkClosure grad hasattr id index is_cpu is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested"
    " is_quantized is_sparse is_sparse_csr is_vulkan is_xla is_xpu isinstance itemsize layout max min name nbytes"
    " rangelist requires_grad tolist type unchecked_cast unchecked_unwrap_optional".split()
)


def is_allowed(operator: str) -> bool:
    """Whether a model may have the operator; its name without the overload."""
    namespace, _, name = operator.partition("::")
    if namespace == "prim":
        return name in _PRIMITIVES
    if namespace == "aten":
        return _is_allowed_in_aten(name)
    if namespace in _SHIPPED or namespace in _ALSO_SHIPPED:
        return True
    return bool(namespace) and namespace not in _REFUSED_NAMESPACES and not namespace.startswith("_")


def _is_allowed_in_aten(name: str) -> bool:
    if name.startswith("__"):
        return True  # Python's own: `__and__`, `__getitem__`
    if name.startswith("_"):
        return name in _INTERNAL_IN_ATEN or (name.startswith("_foreach_"))
    return name not in _REFUSED_IN_ATEN
