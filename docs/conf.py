"""The site: Sphinx, furo and MyST; `make docs` builds it with warnings as errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import scriptkit
from tools.finding_lexer import FindingLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "scriptkit"
copyright = "the scriptkit maintainers"
release = version = scriptkit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
default_role = "code"  # docstrings write names in single backticks
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"scriptkit {release}"
html_show_sphinx = False
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
myst_html_meta = {
    "description": "PyTorch models that compile by construction: ordinary typed modules, TorchScript files for C++, "
    "Java and Fortran, and every obstacle told at once, with the fix."
}
copybutton_exclude = ".linenos, .gp, .go"
COPIED = ("python", "sh", "toml", "json", "yaml", "cpp", "cmake", "lua")  # and not what is printed
copybutton_selector = ", ".join(f"div.highlight-{language} pre" for language in COPIED)

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
nitpicky = True
# the site is built without a network, so without the pages of Python and torch; type variables have none at all
nitpick_ignore_regex = [("py:.*", r"(?!scriptkit\.).*"), ("py:class", r"scriptkit\..*\.[A-Z]")]


def setup(app: Sphinx) -> None:
    """Paint the blocks of text as a terminal does."""
    app.add_lexer("text", FindingLexer)
