import subprocess
import sys

import imageio.v3 as iio
import pytest

import cvae
from cvae.__main__ import main
from cvae.experiments import catalogue, training


def test_help_and_list(capsys):
    for arguments in (["--help"], ["train", "--help"], ["sample", "--help"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
    assert "goes on after the last whole epoch" in " ".join(capsys.readouterr().out.split())
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in catalogue.RECIPES)


def test_module_runs():
    result = subprocess.run([sys.executable, "-m", "cvae", "list"], capture_output=True, text=True)
    assert result.returncode == 0
    assert "luther-2" in result.stdout
    assert result.stderr == ""


def test_train_then_sample(tiny_recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CI", "1")
    model, picture = tmp_path / "m.keras", tmp_path / "grid.png"
    assert main(["train", "tiny", "--epochs", "1", "--out", str(model)]) == 0
    assert f"python -m cvae sample {model}" in capsys.readouterr().out
    assert main(["sample", str(model), "--out", str(picture), "-n", "9", "--seed", "3"]) == 0
    assert iio.imread(picture).ndim == 3
    before = model.read_bytes()
    assert main(["train", "tiny", "--epochs", "1", "--limit", "64", "--out", str(model)]) == 2
    assert "exists, and is no training with these settings" in capsys.readouterr().err
    assert model.read_bytes() == before
    assert main(["sample", str(model), "--out", str(picture), "--seed", "-1"]) == 2
    assert "seed must be a whole number" in capsys.readouterr().err


def test_what_was_trained_here_is_found(tiny_recipe, capsys):
    assert main(["train", "tiny"]) == 0
    training.load_or_train("tiny")
    assert "tiny: trained weights (3 epochs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "tinny"], "unknown recipe 'tinny'; did you mean tiny"),
        (["train", "tiny", "--epochs", "0"], "--epochs must be at least 1"),
        (["train", "tiny", "--out", "m.h5"], "must end in .keras"),
        (["sample", "none.keras", "--out", "{tmp}/a.png"], "there is no file none.keras"),
        (["sample", "none.keras", "--out", "{tmp}/a.txt"], "must be a picture"),
    ],
)
def test_errors_are_one_line_and_exit_2(tiny_recipe, arguments, message, tmp_path, capsys):
    assert main([argument.replace("{tmp}", str(tmp_path)) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_sample_of_a_conditional_model_asks_for_the_label(small, tmp_path, capsys):
    path = cvae.save_vae(small(num_classes=3), tmp_path / "c.keras")
    assert main(["sample", str(path), "--out", str(tmp_path / "a.png")]) == 2
    assert "add --label, 0 to 2" in capsys.readouterr().err
    assert main(["sample", str(path), "--out", str(tmp_path / "a.png"), "--label", "1"]) == 0
