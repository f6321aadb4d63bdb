"""What a page has that its notebook or Markdown file has not: ways to run it, the explorer, folds.

Plain functions from text to text, and from a notebook (a dict, as JSON has it) to a notebook. `conf.py`
gives them to Sphinx; the files themselves stay as they are.
"""

import copy
import re

# A link to one of the explorer's pages, anywhere in the repository.
EXPLORER = re.compile(r"\[([^\]]*)\]\((?:\.\./)*figures/(explore_\w+\.html)\)")
COLAB = """\
# On Colab, run this cell first: it fetches the notebooks, and installs what they need.
%cd -q /content
![ -d cvae-notebooks ] || git clone --quiet --depth 1 {repository} cvae-notebooks
%cd cvae-notebooks/notebooks
%pip install --quiet --editable "..[tensorflow]"
import os, sys
sys.path.insert(0, os.path.dirname(os.getcwd()))"""


def github(repository: str) -> str:
    """OWNER/NAME of a repository's address.

    Raises:
        ValueError: another address than one of GitHub, the only host that Colab opens notebooks from.
    """
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", repository)
    if match is None:
        raise ValueError(
            "the repository's address in pyproject.toml must be https://github.com/OWNER/NAME, got "
            f"{repository!r}: leave it out, and the site has no links to Colab and Binder"
        )
    return match[1]


def front(readme: str, repository: str | None) -> str:
    """README as the first page: with the address, and with a page where it names a folder."""
    readme = readme.replace("(notebooks/solutions)", "(site/solutions.md)")
    return readme if repository is None else readme.replace("<address of this repository>", repository)


def jupyter_anchor(heading: str) -> str:
    """The anchor that Jupyter gives a heading."""
    return heading.replace(" ", "-")


def markdown(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def source(cell: dict) -> str:
    return "".join(cell["source"])


def prose(page: dict):
    """The cells of text."""
    return [cell for cell in page["cells"] if cell["cell_type"] == "markdown"]


def as_page(notebook: dict, name: str, stems: list[str], repository: str | None) -> dict:
    """A notebook as the site shows it.

    Args:
        notebook: as JSON has it.
        name: its path in `notebooks`, without the suffix: "01_theory", "solutions/01_theory".
        stems: the names of all notebooks of the series.
        repository: its address; None where it has none yet.
    """
    page, up = copy.deepcopy(notebook), "../" * name.count("/")
    for cell in prose(page):
        cell["source"] = with_explorer(linked(one_line_alt(source(cell)), stems, up), up + "../")
    if name.startswith("solutions/"):
        page["cells"] = folded(page["cells"])
    describe_figures(page["cells"])
    first = source(page["cells"][0])
    title, _, rest = first.partition("\n")
    page["cells"][0]["source"] = f"{title}\n\n{ways_to_run(name, repository)}\n{rest}"
    return page


def ways_to_run(name: str, repository: str | None) -> str:
    """A line of links: the notebook as a file, and places that run it in a browser."""
    links = [f"[Download the notebook](path:{name.rpartition('/')[2]}.ipynb)"]
    if repository is not None:
        where = github(repository)
        # A copy with the cell that installs, which the site has beside its pages.
        links += [
            f"[Run it on Colab](https://colab.research.google.com/github/{where}/blob/gh-pages/launch/{name}.ipynb)",
            f"[Run it on Binder](https://mybinder.org/v2/gh/{where}/HEAD?urlpath=lab/tree/notebooks/{name}.ipynb)",
        ]
    return " · ".join(links)


def for_colab(notebook: dict, repository: str) -> dict:
    """The notebook with a first cell that fetches the repository and installs what is needed. Pictures
    of the text are those on GitHub, and links lead to Colab, to GitHub and to the site."""
    launched = copy.deepcopy(notebook)
    owner_and_name = github(repository)
    owner, _, name = owner_and_name.partition("/")
    blob = f"https://github.com/{owner_and_name}/blob/HEAD"
    colab = f"https://colab.research.google.com/github/{owner_and_name}/blob/gh-pages/launch"
    raw = f"https://raw.githubusercontent.com/{owner_and_name}/HEAD"
    for cell in prose(launched):
        text = EXPLORER.sub(rf"[\1](https://{owner}.github.io/{name}/\2)", source(cell))
        text = re.sub(r"\]\((?:\.\./)+figures/", f"]({raw}/figures/", text)
        text = re.sub(r"\]\((?:\.\./)+([\w.]+\.md)", rf"]({blob}/\1", text)
        text = re.sub(r"\]\((?:\.\./)*((?:solutions/)?\w+\.ipynb)", rf"]({colab}/\1", text)
        cell["source"] = text
    code = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    launched["cells"].insert(0, code | {"source": COLAB.format(repository=repository)})
    if launched["nbformat_minor"] >= 5:
        launched["cells"][0]["id"] = "colab"
    return launched


def one_line_alt(text: str) -> str:
    """Alternative texts in one line: Sphinx drops a line's end in them, and two words become one."""
    return re.sub(r"!\[[^\]]*\]", lambda match: re.sub(r"\s+", " ", match[0]), text)


def linked(text: str, stems: list[str], up: str) -> str:
    """Names of notebooks in code ticks become links, unless they are links already."""
    return re.sub(
        rf"(?<!\[)`({'|'.join(map(re.escape, stems))})`(?!\])",
        lambda match: f"[`{match[1]}`]({up}{match[1]}.ipynb)",
        text,
    )


def with_explorer(text: str, up: str) -> str:
    """A link to an explorer's page stands as one of HTML, and below its paragraph the page itself."""
    paragraphs = text.split("\n\n")
    for place, paragraph in enumerate(paragraphs):
        for _, page in EXPLORER.findall(paragraph):
            frame = (
                f'<iframe class="explorer" src="{up}{page}" title="A latent space to explore"></iframe>'
            )
            paragraphs[place] = f"{explorer_links(paragraph, up)}\n\n{frame}"
    return "\n\n".join(paragraphs)


def explorer_links(text: str, up: str) -> str:
    """Links to the explorer's pages, which Sphinx would offer for download, open them."""
    return EXPLORER.sub(lambda match: f'<a href="{up}{match[2]}">{match[1]}</a>', text)


def downloads(text: str) -> str:
    """Links to notebooks that are no pages, the problem sets, give the files."""
    return re.sub(r"\[([^\]]+)\]\((source/[^)]+\.ipynb)\)", r"[\1](path:\2)", text)


def folded(cells: list[dict]) -> list[dict]:
    """Of each section "Exercise n" the heading and the question stay, the rest can be unfolded."""
    opening = markdown('<details class="solution"><summary>Solution</summary>')
    shown, is_open = [], False
    for cell in cells:
        parts = [cell]
        if cell["cell_type"] == "markdown":
            parts = re.split(r"^(?=## )", source(cell), flags=re.MULTILINE)
            parts = [cell | {"source": part} for part in parts if part.strip()]
        for part in parts:
            if part["cell_type"] == "markdown" and part["source"].startswith("## "):
                shown += [markdown("</details>")] * is_open
                heading, question, *answer = part["source"].split("\n\n", 2)
                shown += [part | {"source": f"{heading}\n\n{question}"}, copy.deepcopy(opening)]
                shown += [markdown(text) for text in answer]
                is_open = True
            else:
                shown.append(part)
    shown += [markdown("</details>")] * is_open
    for number, cell in enumerate(shown):
        cell["id"] = f"cell-{number}"
    return shown


def describe_figures(cells: list[dict]) -> None:
    """Give each drawn figure an alternative text: where it stands, and what it is."""
    heading = "start"
    for cell in cells:
        if cell["cell_type"] == "markdown":
            heading = [heading, *re.findall(r"^#+ (.*)$", source(cell), re.MULTILINE)][-1]
        else:
            named = re.findall(r'"\w{2,3}_(\w+)(?:\.gif)?", (?:data|None)', source(cell))
            about = f" ({', '.join(named).replace('_', ' ')})" if named else ""
            words = f"Figure{about} drawn by the code above, in the section: {heading.replace('`', '')}"
            cell["metadata"].setdefault("mystnb", {})["image"] = {"alt": words}
