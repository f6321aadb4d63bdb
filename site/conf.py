"""The web site: README, the notebooks as they are committed, and the docstrings, read by Sphinx.

`make site` builds it. Sphinx's source folder is the repository itself, so every link and picture of a
notebook or a Markdown file means there what it means here.
"""

import importlib.util
import inspect
import json
import re
import sys
import tomllib
from pathlib import Path

from sphinx.util.inspect import stringify_signature

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

import pages  # noqa: E402

settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# The one place for the address: [project.urls] Repository = "https://github.com/OWNER/NAME".
REPOSITORY = settings.get("urls", {}).get("Repository")
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
CONTENTS = (ROOT / "site" / "contents.txt").read_text()

project = "VAEs, notebook by notebook"
release = settings["version"]
extensions = [
    "myst_nb", "sphinx_copybutton", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax",
    "sphinx.ext.githubpages",
]  # fmt: skip
root_doc = "README"
include_patterns = [
    "README.md", "RESULTS.md", "CONTRIBUTING.md", "CHANGELOG.md", "site/*.md", "notebooks/*.ipynb",
    "notebooks/solutions/*.ipynb", "notebooks/assignments/README.md",
]  # fmt: skip
# Folders that Sphinx need not walk through.
exclude_patterns = [".*", "*.egg-info", "build", "runs", "data", "figures", "cvae", "tests"]

nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # CommonMark, the default, has no tables
myst_enable_extensions = ["dollarmath", "amsmath", "html_image"]
myst_heading_anchors = 4
myst_heading_slug_func = "pages.jupyter_anchor"

# MathJax in one file, with its fonts in it: formulas need no network. The name is no identifier, so
# that it cannot be imported.
MATHJAX = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
mathjax_path = "tex-svg.js"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say what each is; ArrayLike alone would fill three lines
default_role = "code"
napoleon_use_rtype = False

html_theme = "furo"
html_title = project
html_theme_options = {"top_of_page_buttons": []}
if REPOSITORY is not None:
    html_theme_options |= {"source_repository": REPOSITORY, "source_branch": "main"}
html_static_path = ["style.css", str(MATHJAX / "tex-svg.js")]
html_css_files = ["style.css"]
html_extra_path = [str(path) for path in sorted((ROOT / "figures").glob("explore_*.html"))]
html_additional_pages = {"index": "to_readme.html"}
templates_path = ["templates"]
html_show_sphinx = html_show_copyright = False
html_copy_source = False
html_show_search_summary = False  # it would be fetched, which a page that is a file may not
copybutton_exclude = ".linenos, .gp, .go"


def read_source(app, docname, source):
    """What Sphinx reads in place of a file."""
    if docname.startswith("notebooks/") and not docname.endswith("README"):
        name = docname.removeprefix("notebooks/")
        source[0] = json.dumps(pages.as_page(json.loads(source[0]), name, STEMS, REPOSITORY))
    else:
        source[0] = pages.downloads(pages.explorer_links(source[0], "../" * docname.count("/")))
    if docname == root_doc:
        source[0] = pages.front(source[0], REPOSITORY) + CONTENTS


def read_signature(app, what, name, obj, options, signature, returns):
    """The arguments of `__init__`, which Keras's classes hide."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    own = inspect.signature(obj.__init__)
    own = own.replace(parameters=list(own.parameters.values())[1:])
    return stringify_signature(own, show_annotation=False), returns


def read_docstring(app, what, name, obj, options, lines):
    """References are numbered in each docstring, and a page has many docstrings."""
    lines[:] = [re.sub(r"^\.\. \[\d+\]", ".. [#]", line) for line in lines]


def write_launched(app, error):
    """The notebooks that Colab opens, beside the pages."""
    if error is not None or REPOSITORY is None:
        return
    for docname in app.env.found_docs:
        path = ROOT / f"{docname}.ipynb"
        if path.is_file():
            launched = pages.for_colab(json.loads(path.read_text()), REPOSITORY)
            target = Path(app.outdir, "launch", docname.removeprefix("notebooks/")).with_suffix(".ipynb")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(launched, indent=1))


def setup(app):
    app.connect("source-read", read_source)
    app.connect("autodoc-process-signature", read_signature)
    app.connect("autodoc-process-docstring", read_docstring)
    app.connect("build-finished", write_launched)
