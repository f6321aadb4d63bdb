"""The shape of the package: rooms, imports that run one way, a face of a few names."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cvae

PACKAGE = Path(cvae.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
# From the ground up: a module imports from its own line and the lines above it.
FLOORS = (
    ("cvae.utils",),
    ("cvae.runtime",),
    ("cvae.networks", "cvae.likelihoods", "cvae.gaussian", "cvae.datasets", "cvae.callbacks"),
    ("cvae.priors", "cvae.base", "cvae.elbo"),
    ("cvae.vae", "cvae.hierarchical", "cvae.loss_conventions"),
    ("cvae.latent", "cvae.metrics", "cvae.visualization"),
    ("cvae.build", "cvae.oversampling"),
    ("cvae.experiments",),
    ("cvae.__main__",),
    ("cvae",),  # the face: everything else names the module that it wants
)


def imports(name):
    """The modules of ours that a module imports, wherever in it; not those for type hints alone."""
    tree = ast.parse(MODULES[name].read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "cvae"}
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cvae":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
    return found - {name}


def floor(name):
    for level, rooms in enumerate(FLOORS):
        if any(name == room or (room != "cvae" and name.startswith(f"{room}.")) for room in rooms):
            return level
    return pytest.fail(f"{name} stands on no floor: add it to FLOORS")


def test_imports_run_one_way():
    for name in MODULES:
        upward = [other for other in imports(name) if floor(other) > floor(name)]
        assert upward == [], name


def test_no_circles():
    known = {name: imports(name) for name in MODULES}

    def visit(name, path):
        assert name not in path, [*path, name]
        for other in known[name]:
            visit(other, [*path, name])

    for name in MODULES:
        visit(name, [])


def test_no_file_is_long():
    lines = {name: path.read_text().count("\n") for name, path in MODULES.items()}
    assert {name: n for name, n in lines.items() if n > 325} == {}


def test_only_datasets_imports_tensorflow():
    importers = [name for name, path in MODULES.items() if "import tensorflow" in path.read_text()]
    assert {name.rpartition(".")[0] for name in importers} == {"cvae.datasets"}
    script = """
import builtins, json
real, seen = builtins.__import__, set()
def watch(name, globals=None, *rest, **more):
    importer = (globals or {}).get("__name__", "")
    if importer.startswith("cvae") and name.split(".")[0].startswith("tensorflow"):
        seen.add(importer)
    return real(name, globals, *rest, **more)
builtins.__import__ = watch
import cvae, cvae.__main__
print(json.dumps(sorted(seen)))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == []
    assert result.stderr == ""


def test_the_face_has_a_few_names_and_every_one_is_there():
    assert len(dir(cvae)) <= 30
    assert {"VAE", "ConditionalVAE", "build_vae", "load", "VAEOverSampler", "explore"} <= set(dir(cvae))
    for name in dir(cvae):
        assert getattr(cvae, name) is not None
    with pytest.raises(AttributeError, match="module 'cvae' has no attribute 'recipes'"):
        cvae.recipes  # noqa: B018


def test_installed_without_the_repository(tmp_path):
    """As `pip install .` leaves it: the package alone, in a folder where nothing else is."""
    pytest.importorskip("tensorflow_datasets")
    site = tmp_path / "site"
    shutil.copytree(PACKAGE, site / "cvae", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in {path.parent for path in MODULES.values()}:
        assert (folder / "__init__.py").is_file()  # else setuptools would leave it out
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert project["packages"]["find"]["include"] == ["cvae*"]
    assert project["package-data"] == {"cvae.visualization": ["page.html"]}
    script = """
import numpy as np, cvae
from cvae.experiments import storage, training
from cvae.__main__ import main
vae = cvae.build_vae((8, 8, 1), 2, "mlp", hidden=(8,))
vae.compile("adam")
vae.fit(np.zeros((32, 8, 8, 1), "uint8"), verbose=0)
print(cvae.__file__)
print(cvae.load_vae(cvae.save_vae(vae, "v.keras")).sample(2).shape)
print(main(["table"]), main(["reproduce", "luther-2"]), storage.RUNS)
try:
    storage.read_card("luther-2")
except FileNotFoundError as error:
    print(error)
training.train = lambda recipe, verbose: None
training.load_or_train("luther-2")
"""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True,
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(site), "CI": "1", "CVAE_OFFLINE": "1"},
    )  # fmt: skip
    where, shape, codes, card, weights, _ = result.stdout.splitlines()
    assert where.startswith(str(site))
    assert shape == "(2, 8, 8, 1)"
    assert codes == f"2 2 {tmp_path / 'runs'}"
    errors = [line for line in result.stderr.splitlines() if line.startswith("python -m cvae")]
    assert len(errors) == 2  # TFDS may have said more
    for line in (*errors, card, weights):
        assert "clone the repository" in line


@pytest.mark.parametrize(
    "path", sorted((PACKAGE.parent / "benchmarks").glob("*.py")), ids=lambda p: p.stem
)
def test_benchmarks_find_what_they_import(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    used = re.findall(r"\bcvae\.(\w+)\b(?! import)", path.read_text())
    assert [name for name in used if not hasattr(cvae, name)] == []
