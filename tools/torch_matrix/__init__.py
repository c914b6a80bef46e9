"""The versions of torch and Python that scriptkit supports, each really run: `make torch-matrix`.

    VERSIONS ── environments ──> one Python per version ── running ──> README, demo, suite ── table ──> results, page

Nothing of it lies in the repository but the results: the environments are in a folder of the user's cache.
"""
