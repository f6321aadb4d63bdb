"""The web site: it builds without a warning, and reads in a browser that has no network."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from filelock import FileLock

import cvae

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "https://github.com/someone/vae-notebooks"

pytest.importorskip("myst_nb", reason="an extra: requirements-site.txt")
spec = importlib.util.spec_from_file_location("pages", ROOT / "site" / "pages.py")
pages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pages)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site; the workers of one run share it."""
    base = tmp_path_factory.getbasetemp()  # a run's own; of a worker, a folder in it
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    with FileLock(f"{shared}.lock"):
        if not shared.is_dir():
            subprocess.run(
                [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "site",
                 "-d", f"{shared}-doctrees", ".", f"{shared}"],
                cwd=ROOT, check=True, env=os.environ | {"KERAS_BACKEND": "tensorflow"},
            )  # fmt: skip
    return shared


class Links(HTMLParser):
    """The targets of a page: what can be jumped to, and what it links or shows."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.targets, self.unnamed = {""}, set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.anchors |= {known.get("id", ""), known.get("name", "")}
        self.targets |= {known[key] for key in ("href", "src") if known.get(key)}
        if tag == "img" and not known.get("alt"):
            self.unnamed.append(known["src"])


def test_every_link_leads_somewhere_and_every_picture_has_words(site):
    read = {path.resolve(): Links(path) for path in site.rglob("*.html")}
    assert len(read) > 25
    broken, outside = [], set()
    for path, page in read.items():
        assert page.unnamed == [], path.name
        for target in page.targets:
            url = urlsplit(target)
            if url.scheme or target.startswith("//"):
                outside.add(url.scheme)
                continue
            found = (path.parent / unquote(url.path)).resolve() if url.path else path
            anchors = read[found].anchors if found in read else {url.fragment}
            if not found.is_file() or unquote(url.fragment) not in anchors:
                broken.append(f"{path.relative_to(site)} -> {target}")
    assert broken == []
    assert outside <= {"https", "http", "data", "mailto"}


def test_nothing_comes_from_elsewhere(site):
    """Scripts, styles, pictures and fonts lie in the site; links alone leave it."""
    for path in site.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(https?:|//)|<link\b[^>]*stylesheet[^>]*https?:",
            path.read_text(),
        )
        assert loaded == [], path.name


def test_all_notebooks_are_pages_and_all_public_names_are_in_the_reference(site):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert (site / "notebooks" / f"{path.stem}.html").is_file()
    for path in (ROOT / "notebooks" / "solutions").glob("*.ipynb"):
        text = (site / "notebooks" / "solutions" / f"{path.stem}.html").read_text()
        assert text.count("<details") == text.count("</details>") >= 3
    reference = (site / "site" / "api.html").read_text()
    missing = [
        name for name in dir(cvae)
        if f'id="cvae.{name}"' not in reference and f'id="module-cvae.{name}"' not in reference
    ]  # fmt: skip
    assert missing == [], "add them to site/api.md"


def test_tables_are_tables_and_formulas_hold_no_backslash(site):
    """Outputs of Markdown are rendered with tables; in text, MathJax shows a backslash as it stands."""
    for path in site.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<p>\|[^<]*\|[^<]*\| ?-", text), path.name
        for formula in re.findall(r'class="math[^"]*">([^<]*)<', text):
            assert not re.search(r"\\text(?:tt)?\{[^{}]*\\_", formula), (path.name, formula)
    assert (site / "notebooks" / "07_oversampling.html").read_text().count("<table") >= 4


def test_alternative_texts_keep_their_spaces():
    assert pages.one_line_alt("a ![two\nwords](x.svg)\nb") == "a ![two words](x.svg)\nb"


def test_without_an_address_there_are_no_ways_to_launch(site):
    if "Repository" in (ROOT / "pyproject.toml").read_text():
        pytest.skip("the address is set")
    assert not (site / "launch").exists()
    for path in site.glob("notebooks/*.html"):
        assert "colab.research" not in path.read_text()
        assert "mybinder" not in path.read_text()


def test_with_an_address_there_are():
    line = pages.ways_to_run("solutions/01_theory", f"{ADDRESS}.git")
    assert (
        "colab.research.google.com/github/someone/vae-notebooks/blob/gh-pages/launch/solutions/01_theory"
        in line
    )
    assert (
        "mybinder.org/v2/gh/someone/vae-notebooks/HEAD?urlpath=lab/tree/notebooks/solutions/01" in line
    )
    readme = pages.front((ROOT / "README.md").read_text(), ADDRESS)
    assert f"git clone {ADDRESS} " in readme
    with pytest.raises(ValueError, match="must be https://github.com/OWNER/NAME, got 'https://x.org/a'"):
        pages.ways_to_run("01_theory", "https://x.org/a")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_what_colab_opens_installs_first_and_is_the_notebook_else(path):
    notebook = json.loads(path.read_text())
    launched = pages.for_colab(notebook, ADDRESS)
    nbformat.validate(launched)
    first, *rest = launched["cells"]
    assert f"git clone --quiet --depth 1 {ADDRESS} " in first["source"]
    assert len(rest) == len(notebook["cells"])
    assert not re.search(r"\]\((?!https?:|#|path:)", "".join(map(pages.source, pages.prose(launched))))
    code = [cell for cell in rest if cell["cell_type"] == "code"]
    assert code == [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_solutions_fold_their_answers_and_lose_nothing():
    cells = [
        pages.markdown("# Solutions\n\nHow to read them."),
        pages.markdown("## Exercise 1\n\nWhat is 1 + 1?\n\nTwo."),
        {"cell_type": "code", "metadata": {}, "source": "1 + 1"},
        pages.markdown("So it is.\n\n## Exercise 2\n\nAnd 2 + 2?"),
    ]
    text = "|".join(cell["source"] for cell in pages.folded(cells))
    opening = '<details class="solution"><summary>Solution</summary>'
    assert text == (
        f"# Solutions\n\nHow to read them.|## Exercise 1\n\nWhat is 1 + 1?|{opening}|Two.|1 + 1|"
        f"So it is.\n\n|</details>|## Exercise 2\n\nAnd 2 + 2?|{opening}|</details>"
    )


# In a browser.

PAGES = (
    "README.html", "notebooks/01_theory.html", "notebooks/02_mnist.html",
    "notebooks/assignments/README.html", "notebooks/solutions/01_theory.html",
    "site/api.html", "site/scaling.html", "RESULTS.html",
)  # fmt: skip


def test_every_page_opens_in_silence_with_its_formulas(visit, site):
    formulas = 0
    for path in sorted(set(site.rglob("*.html")) - {site / "index.html"}):  # which leads on to README
        page = visit(path, viewport={"width": 1280, "height": 900})
        page.evaluate("window.MathJax?.startup?.promise")
        assert page.locator("[data-mjx-error]").count() == 0, path.name
        wanted, drawn = page.locator(".math").count(), page.locator("mjx-container").count()
        assert drawn >= (wanted > 0), path.name
        formulas += drawn
        page.context.close()
    assert formulas > 300


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_in_light_and_dark(visit, site, scheme):
    for name in PAGES:
        page = visit(site / name, viewport={"width": 360, "height": 800}, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        widths = page.evaluate(
            "[...document.querySelectorAll('article img')].filter(i => !i.closest('details'))"
            ".map(i => i.width)"
        )
        assert all(width > 0 for width in widths), name
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
        assert (brightness > 128) == (scheme == "light"), paper
        page.context.close()


def test_the_explorer_runs_in_its_notebooks(visit, site):
    for name in ("02_mnist", "03_fashion_mnist"):
        page = visit(site / "notebooks" / f"{name}.html")
        frame = page.frame_locator("iframe.explorer")
        before = frame.locator("#picture").evaluate("canvas => canvas.toDataURL()")
        plane = frame.locator("#plane")
        plane.click(position={"x": 40, "y": 40})
        page.wait_for_timeout(200)
        assert frame.locator("#picture").evaluate("canvas => canvas.toDataURL()") != before


def test_a_search_finds_and_a_solution_unfolds(visit, site):
    page = visit(site / "search.html", query="q=free+bits")
    page.locator("#search-results li a").first.wait_for()
    assert any("09" in text for text in page.locator("#search-results li a").all_inner_texts())
    page = visit(site / "notebooks" / "solutions" / "01_theory.html")
    fold = page.locator("details.solution").first
    code = fold.locator(".cell").first
    assert not code.is_visible()
    fold.locator("summary").click()
    assert code.is_visible()
