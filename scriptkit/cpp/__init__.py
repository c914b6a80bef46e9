"""From a model file to a C++ program: a typed wrapper, an example, and a test that replays recorded calls.

manifest + archived code ── signatures ──> C++ functions (argument types, defaults, result type)
functions + templates ── project ──> a CMake project, readable and yours to change
loaded model + example inputs ── replay ──> recorded calls, compared in C++
"""
