"""The site: Sphinx, furo and MyST; `make docs` builds it with warnings as errors."""

from __future__ import annotations

import scriptkit

project = "scriptkit"
copyright = "the scriptkit maintainers"
release = version = scriptkit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
default_role = "code"  # docstrings write names in single backticks
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"scriptkit {release}"
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
nitpicky = True
# the site is built without a network, so without the pages of Python and torch; type variables have none at all
nitpick_ignore_regex = [("py:.*", r"(?!scriptkit\.).*"), ("py:class", r"scriptkit\..*\.[A-Z]")]
