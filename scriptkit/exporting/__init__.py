"""The second engine as users see it: `export_program`, `export_onnx`, `readiness`.

module, example inputs ── copy ──> method by method: compiling.exporting ──> ExportedModule
    ├─ save ──> .pt2 (artifact)      ├─ onnx      └─ readiness asks both engines, submodule by submodule
"""
