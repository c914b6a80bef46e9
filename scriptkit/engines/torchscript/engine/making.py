"""From modules to programs: a tree compiled, a twin, a complete program, a recording, an assembled one."""

from scriptkit.engines.torchscript.lifting.chosen_methods import is_chosen
from scriptkit.engines.torchscript.lifting.declared import exported_methods, final_names, is_export
from scriptkit.engines.torchscript.lifting.lifted_class import user_classes
from scriptkit.engines.torchscript.lifting.reached import reached_names
from scriptkit.engines.torchscript.programs.from_trees import (
    FALSE_IN_PYTHON,
    LINES_PER_FILE,
    Shadow,
    attributes_of,
    compile_lowered,
    knows_function,
    shadow_class,
)
from scriptkit.engines.torchscript.programs.optimised import (
    FusedMethod,
    for_this_machine,
    frozen,
    fusing_with_onednn,
    in_bfloat16,
    in_channels_last,
    why_no_onednn,
)
from scriptkit.engines.torchscript.programs.plainly import script_as_torch_does
from scriptkit.engines.torchscript.programs.recording import Recorder, Watcher, compiled, function_of, trace
from scriptkit.engines.torchscript.programs.standing_in import standing_for
from scriptkit.engines.torchscript.torch_names.private import (
    ScriptModule,
    is_tensor,
    set_declared,
    set_modifier,
    type_store_unchanged_on_failure,
    types_thrown_away,
)
from scriptkit.engines.torchscript.twin.function_facts import why_as_python
from scriptkit.engines.torchscript.twin.twin import Twin
from scriptkit.engines.torchscript.twin.whole import ForFile, complete, for_file, scripted
from scriptkit.engines.torchscript.types.compiler import (
    CompiledTree,
    compilations,
    compile_tree,
    hand_down_tracer,
    properties_in_python,
)
from scriptkit.engines.torchscript.types.explaining import compile_function_or_explain, compile_or_explain
from scriptkit.engines.torchscript.types.shadow import class_of, form_of, has_lazy_tensors, parts_in, set_form

__all__ = [
    "FALSE_IN_PYTHON",
    "LINES_PER_FILE",
    "CompiledTree",
    "ForFile",
    "FusedMethod",
    "Recorder",
    "ScriptModule",
    "Shadow",
    "Twin",
    "Watcher",
    "attributes_of",
    "class_of",
    "compilations",
    "compile_function_or_explain",
    "compile_lowered",
    "compile_or_explain",
    "compile_tree",
    "compiled",
    "complete",
    "exported_methods",
    "final_names",
    "for_file",
    "for_this_machine",
    "form_of",
    "frozen",
    "function_of",
    "fusing_with_onednn",
    "hand_down_tracer",
    "has_lazy_tensors",
    "in_bfloat16",
    "in_channels_last",
    "is_chosen",
    "is_export",
    "is_tensor",
    "knows_function",
    "parts_in",
    "properties_in_python",
    "reached_names",
    "script_as_torch_does",
    "scripted",
    "set_declared",
    "set_form",
    "set_modifier",
    "shadow_class",
    "standing_for",
    "trace",
    "type_store_unchanged_on_failure",
    "types_thrown_away",
    "user_classes",
    "why_as_python",
    "why_no_onednn",
]
