"""From a `.pt2` file to a C++ program: the portable runtime, a typed wrapper, examples, and a test that replays calls.

manifest ── types ──> C++ types of arguments and results, over all programs of a method
types ── functions ──> typed functions        functions + templates + runtime ── project ──> a CMake project
"""
