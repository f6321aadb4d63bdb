"""The notebooks as files: what a reader opens. `pytest --nbval notebooks` runs them."""

import base64
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
# Not the paper of Zhao, Song & Ermon (2017), which 06 cites.
REPORTS = re.compile(r"luther|patadia|aragam|zhao(?!, (?:J\. )?Song)|ibrahim", re.IGNORECASE)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request):
    return json.loads(request.param.read_text())["cells"]


def source(cell):
    return "".join(cell["source"])


def code(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(cells):
    return [output for cell in code(cells) for output in cell["outputs"]]


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= {"01_theory", "02_mnist"}


def test_opens_and_closes_as_the_series_does(cells):
    opening = source(cells[0])
    for heading in ("What you'll do", "What you'll learn", "What you'll need"):
        assert heading in opening
    assert "runtime.describe()" in source(code(cells)[0])
    closing = source(cells[-1])
    assert "## Exercises" in closing
    assert "## Where to go next" in closing
    sections = [
        line for cell in cells if cell["cell_type"] == "markdown" for line in source(cell).split("\n")
    ]
    numbers = [int(match[1]) for line in sections if (match := re.match(r"## (\d+)\. ", line))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_closes_with_a_summary_and_references(cells):
    assert any("## Summary" in source(cell) for cell in cells[-3:])
    references = source(cells[-1]).split("## References")[1]
    assert references.count("http") >= 2


def test_committed_with_outputs_of_a_full_run(cells):
    shown = [cell for cell in code(cells) if cell["outputs"]]
    assert len(shown) > len(code(cells)) / 2
    assert "profile full" in json.dumps(outputs(cells))
    assert "stand-in" not in json.dumps(outputs(cells))
    assert any("image/png" in output.get("data", {}) for output in outputs(cells))


def test_a_cell_that_draws_a_figure_shows_it(cells):
    """03 and 06 once spoke of figures that only the files had."""
    for cell in code(cells):
        drawn = len(re.findall(r"^ *plots\.show\(", source(cell), re.MULTILINE))
        shown = sum("image/png" in output.get("data", {}) for output in cell["outputs"])
        assert shown >= drawn, source(cell)  # a loop shows more


def test_no_noise_in_the_outputs(cells):
    for output in outputs(cells):
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr"
        text = json.dumps(output)
        assert len(text) < 1.5e6
        assert not re.search(r"/(?:home|root|tmp|work)/\w|Warning|WARNING", text)


def test_pictures_carry_no_alpha_channel(cells):
    """It would be an eighth of their size: `walkthrough.py --keep` drops it."""
    pictures = [
        output["data"]["image/png"] for output in outputs(cells) if "image/png" in output.get("data", {})
    ]
    color_types = {base64.b64decode(picture)[25] for picture in pictures}  # of the PNG's header
    assert 6 not in color_types


def test_enough_cells_are_compared(cells):
    tags = [cell["metadata"].get("tags", []) for cell in code(cells)]
    compared = [
        cell for cell, tag in zip(code(cells), tags, strict=True)
        if cell["outputs"] and "nbval-ignore-output" not in tag
    ]  # fmt: skip
    assert len(compared) >= 5
    assert all(set(tag) <= {"nbval-ignore-output"} for tag in tags)
    assert any("assert" in source(cell) for cell in code(cells))


def test_cells_fit_a_screen(cells):
    assert max(source(cell).count("\n") + 1 for cell in code(cells)) <= 24


def test_pictures_that_the_text_links_are_there_and_described(cells):
    text = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
    linked = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)
    for description, path in linked:
        assert len(description) > 20, path
        assert (ROOT / "notebooks" / path).is_file(), path
    assert any("figures/diagrams/" in path for _, path in linked) or "Appendix" in source(cells[0])


def test_every_diagram_is_a_picture_that_a_notebook_shows():
    text = "".join(path.read_text() for path in NOTEBOOKS)
    for path in (ROOT / "figures" / "diagrams").glob("*"):
        assert f"diagrams/{path.name}" in text
        assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_the_text_needs_no_course_report(cells, request):
    """Five surnames that nobody can look up: their place is the appendix."""
    if request.node.callspec.id == "A_reports":
        pytest.skip("the appendix, which introduces them")
    for cell in cells:
        if cell["cell_type"] == "markdown":  # in code ticks: names of recipes
            assert not REPORTS.search(re.sub(r"`[^`]*`|<!--.*?-->", "", source(cell))), source(cell)


def test_every_exercise_has_a_solution(cells, request):
    name = request.node.callspec.id
    numbers = re.findall(r"^(\d+)\. ", source(cells[-1]).split("## Where to go")[0], re.MULTILINE)
    assert len(numbers) >= 3 or name == "A_reports"
    if numbers:
        assert f"(solutions/{name}.ipynb)" in source(cells[-1])
        solved = json.loads((ROOT / "notebooks" / "solutions" / f"{name}.ipynb").read_text())["cells"]
        headings = re.findall(r"^## Exercise (\d+)", "\n".join(map(source, solved)), re.MULTILINE)
        assert headings == numbers


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_are_committed_with_their_outputs(path):
    cells = json.loads(path.read_text())["cells"]
    assert any(cell["outputs"] for cell in code(cells))
    test_no_noise_in_the_outputs(cells)
    test_pictures_carry_no_alpha_channel(cells)
    test_cells_fit_a_screen(cells)
    test_enough_cells_are_compared(cells)
    assert len(path.read_bytes()) < 400_000
