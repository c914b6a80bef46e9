"""The 78 rows of the runtime's scenario matrix: each has a test, and each test shows how its calls ran."""

import functools
from collections.abc import Callable
from typing import ParamSpec

from tests.scenarios import watching

P = ParamSpec("P")

ROWS = """
forward_equal really_compiled_train_and_eval grads_equal optimizer_step train_eval_bn_dropout child_eval_only
to_double_half meta_to_empty meta_device_ctor buffer_reassigned_in_forward int_attr_written_in_forward
list_mutated_in_forward list_mutated_from_python buffer_assigned_outside child_buffer_assigned_outside
param_data_and_param_assign load_state_dict_strict load_state_dict_assign child_load_state_dict_assign
state_dict_keys_same deepcopy_independent copy_copy pickle_roundtrip torch_save_load_whole fork_worker dataloader_fork
spawn_pickle ddp_gloo_1 fsdp2_root hooks_root_before_and_after hooks_child_after hooks_full_backward hook_in_ctor
attr_mutation child_attr_mutation plain_child_attr_mutation final_reassign_errors surgery_top surgery_other_class
surgery_deep_in_plain_container requires_grad_toggle weight_tying shared_submodule weight_norm spectral_norm_in_ctor
functional_call func_grad_vmap torch_compile torch_export fx_trace jit_script_and_trace_of_it sequential_of_scriptables
scriptable_inside_plain child_called_directly children_passed_from_outside subclass_super_init multiple_inheritance
abstract_generic_base class_level_final ctor_raises_midway ctor_args_kwargs_signature nested_100_compiles_once
threads_construct threads_call exported_method property_works repr_like_plain isinstance_user_and_module is_scripting
eager_escape params_not_duplicated gc_freed save_load deferred_after_failed_compile apply_init_fn swa_averaged_model
autocast add_param_to_optimizer_after_add_module
""".split()

MAY_RUN_EAGERLY = {
    "autocast": "TorchScript's own autocast gives other dtypes than eager",
    "jit_script_and_trace_of_it": "torch.jit.trace records Python",
    "fx_trace": "fx records Python",
    "torch_compile": "dynamo reads Python",
    "torch_export": "torch.export reads Python",
    "hooks_child_after": "a hook on an inner module is Python between two compiled modules",
}

covered: dict[str, str] = {}


def row(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Mark the test of one row: it must show a compiled call or, where the row may, a warned and counted eager one."""
    how = "eager" if name in MAY_RUN_EAGERLY else "compiled"

    def mark(test: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(test)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            before = watching.seen[how]
            test(*args, **kwargs)
            assert watching.seen[how] > before, f"{name}: no call was shown to run {how}"

        covered[name] = f"{test.__module__}.{test.__name__}"
        return checked

    return mark
