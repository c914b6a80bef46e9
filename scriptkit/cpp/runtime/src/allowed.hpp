// The operators of torch whose names start with an underscore and that exported programs call. All others of that
// kind are inner workings: some of them trust their arguments, and a file could make them read what is not theirs.
#ifndef SCRIPTKIT_ALLOWED_HPP
#define SCRIPTKIT_ALLOWED_HPP

namespace scriptkit {

constexpr const char* kAllowedInner[] = {
    "__and__", "__iand__", "__ior__", "__ixor__", "__lshift__", "__or__", "__rshift__", "__xor__",
    "_adaptive_avg_pool2d", "_adaptive_avg_pool2d_backward", "_adaptive_avg_pool3d", "_adaptive_avg_pool3d_backward",
    "_aminmax", "_assert_async", "_assert_scalar", "_assert_tensor_metadata", "_batch_norm_no_update",
    "_batch_norm_with_update", "_batch_norm_with_update_functional", "_cast_Byte", "_cast_Char", "_cast_Double",
    "_cast_Float", "_cast_Half", "_cast_Int", "_cast_Long", "_cast_Short", "_cdist_forward", "_conj", "_conj_physical",
    "_conv_depthwise2d", "_convolution", "_convolution_mode", "_euclidean_dist", "_fft_c2c", "_fft_c2r", "_fft_r2c",
    "_functional_assert_async", "_functional_assert_scalar", "_fused_rms_norm", "_fused_sdp_choice", "_int_mm",
    "_is_all_true", "_is_any_true", "_linalg_det", "_linalg_eigh", "_linalg_eigvals", "_linalg_slogdet",
    "_linalg_solve_ex", "_linalg_svd", "_local_scalar_dense", "_log_softmax", "_log_softmax_backward_data",
    "_logcumsumexp", "_lu_with_info", "_native_batch_norm_legit", "_native_batch_norm_legit_functional",
    "_native_batch_norm_legit_no_training", "_native_multi_head_attention", "_neg_view", "_pack_padded_sequence",
    "_pad_circular", "_pad_enum", "_pad_packed_sequence", "_pdist_forward", "_prelu_kernel", "_reshape_alias",
    "_reshape_copy", "_safe_softmax", "_sample_dirichlet", "_scaled_dot_product_attention_math",
    "_scaled_dot_product_cudnn_attention", "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_flash_attention", "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_fused_attention_overrideable", "_shape_as_tensor", "_softmax", "_softmax_backward_data",
    "_stack", "_standard_gamma", "_thnn_fused_gru_cell", "_thnn_fused_lstm_cell", "_to_copy",
    "_transform_bias_rescale_qkv", "_transformer_encoder_layer_fwd", "_trilinear", "_unique", "_unique2",
    "_unsafe_index", "_unsafe_index_put", "_unsafe_masked_index", "_unsafe_masked_index_put_accumulate",
    "_unsafe_view", "_upsample_bicubic2d_aa", "_upsample_bilinear2d_aa", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "_weight_norm", "_weight_norm_interface"};

// Operators that reach outside of their arguments, or change what a tensor is.
constexpr const char* kRefused[] = {
    "backward", "data", "from_file", "is_pinned", "pin_memory", "record_stream", "rename_", "requires_grad_",
    "resize", "resize_", "resize_as_", "resize_as_sparse_", "retain_grad", "save", "set", "set_", "set_data",
    "sparse_resize_", "sparse_resize_and_clear_", "warn"};

}  // namespace scriptkit

#endif
