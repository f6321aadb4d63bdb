"""Reproducing the reports: recorded results, and the table of reported against measured."""

import collections
import csv
import dataclasses
import json

import keras
import numpy as np
import pytest
import scipy.stats

import cvae
from cvae import runtime
from cvae.__main__ import main
from cvae.experiments import against_reports, catalogue, storage, training


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setenv("CI", "1")
    monkeypatch.delenv("CVAE_RETRAIN", raising=False)


@pytest.fixture
def only(tiny_recipe):
    """A function that leaves these recipes, and no others, in RECIPES."""
    everything = dict(catalogue.RECIPES)

    def put(recipes):
        catalogue.RECIPES.clear()
        catalogue.RECIPES.update(recipes)

    yield lambda *chosen: put({recipe.name: recipe for recipe in chosen})
    put(everything)  # in their order, which the table has, too


@pytest.fixture
def two(tiny_recipe, only):
    only(tiny_recipe, tiny_recipe.replace(name="second", seed=1))


@pytest.fixture
def trained(monkeypatch):
    """The names of the recipes that are trained from here on, in order."""
    names, train = [], training.train

    def note(recipe, *args, **kwargs):
        names.append(recipe.name)
        return train(recipe, *args, **kwargs)

    monkeypatch.setattr(training, "train", note)
    return names


def without_test(result):
    """A result without what is measured after training, on the test images."""
    return {key: value for key, value in result.items() if key != "test"}


def test_reproduce_trains_once(tiny_recipe, trained, capsys, monkeypatch):
    monkeypatch.delenv("CI")
    assert storage.read_result("tiny") is None
    (path,) = training.reproduce(["tiny"])
    assert path == storage.RESULTS / "tiny.json"
    assert "tiny 100%" in capsys.readouterr().err
    result = storage.read_result("tiny")
    assert result == json.loads(path.read_text())
    assert without_test(result) == storage.read_card("tiny")
    assert len(result["history"]["val_loss"]) == result["epochs"] == 3
    assert result["data"] == "TFDS squares 1.0.0"
    before = path.read_bytes()
    assert training.reproduce(["tiny"]) == [path]
    assert path.read_bytes() == before
    assert trained == ["tiny"]
    assert not storage.PRETRAINED.exists()  # this recipe's weights are not kept


def test_weights_that_are_here_already_are_not_trained_again(tiny_recipe, trained):
    training.train(tiny_recipe, verbose=0)
    training.reproduce(["tiny"])
    assert trained == ["tiny"]
    assert without_test(storage.read_result("tiny")) == storage.read_card("tiny")


def test_what_is_worth_keeping_is_kept(tiny_recipe, only):
    recipe = tiny_recipe.replace(keep=True)
    only(recipe)
    training.reproduce()
    kept = storage.PRETRAINED / "tiny.keras"
    assert storage.find_weights(recipe) == kept
    assert json.loads(kept.with_suffix(".json").read_text()) == without_test(storage.read_result(recipe))
    vae = training.load_or_train("tiny")
    (trained_here,) = storage.RUNS.rglob("model.keras")
    expected = cvae.load_vae(trained_here).sample(3, seed=0)
    np.testing.assert_allclose(vae.sample(3, seed=0), expected, atol=1e-3)  # kept in 16 bits


def test_killed_between_two_recipes_it_goes_on(two, monkeypatch, trained):
    note = training.train

    def killed(recipe, *args, **kwargs):
        if recipe.name == "second":
            raise KeyboardInterrupt
        return note(recipe, *args, **kwargs)

    monkeypatch.setattr(training, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        training.reproduce()
    assert storage.read_result("tiny") is not None
    assert storage.read_result("second") is None
    monkeypatch.setattr(training, "train", note)
    assert [path.stem for path in training.reproduce()] == ["tiny", "second"]
    assert trained == ["tiny", "second"]
    first, second = storage.read_result("tiny"), storage.read_result("second")
    assert first["final"]["val_loss"] != second["final"]["val_loss"]


def test_killed_within_a_training_it_goes_on(tiny_recipe, monkeypatch):
    fit, begun = cvae.VAE.fit, []

    def kill_at(stop):
        def on_epoch_begin(epoch, logs):
            if epoch == stop:
                raise KeyboardInterrupt
            begun.append(epoch)

        callback = keras.callbacks.LambdaCallback(on_epoch_begin=on_epoch_begin)
        return lambda self, *args, callbacks, **kwargs: fit(
            self, *args, callbacks=[callback, *callbacks], **kwargs
        )

    monkeypatch.setattr(cvae.VAE, "fit", kill_at(2))
    with pytest.raises(KeyboardInterrupt):
        training.reproduce(["tiny"])
    assert not storage.RESULTS.exists()
    monkeypatch.setattr(cvae.VAE, "fit", kill_at(None))
    training.reproduce(["tiny"])
    assert begun == [0, 1, 2]
    assert len(storage.read_result("tiny")["history"]["loss"]) == 3


def test_stand_ins_are_refused_before_any_training(only, tiny_recipe, monkeypatch, trained):
    real = tiny_recipe.settings.load()
    stand_in = dataclasses.replace(real, source="stand-in: squares")
    found = {"squares": real, "b": stand_in}
    monkeypatch.setattr("cvae.experiments.recipe.load", lambda name, **k: found[name])
    only(tiny_recipe, tiny_recipe.replace(name="second", dataset="b"))
    for names in (None, ["tiny", "second"], ["second"]):
        with pytest.raises(ValueError, match="second needs the real squares, here is only a stand-in"):
            training.reproduce(names)
    assert trained == []
    assert not storage.RESULTS.exists()
    training.reproduce(["tiny"])  # what has its data is not held up
    assert trained == ["tiny"]


def test_unknown_names_are_refused_before_any_training(two, trained):
    with pytest.raises(ValueError, match="unknown recipe 'tinny'; did you mean tiny"):
        training.reproduce(["second", "tinny"])
    with pytest.raises(ValueError, match="did you mean tiny"):
        storage.read_result("tinny")
    assert trained == []


def test_spoilt_results_are_not_taken(tiny_recipe, trained):
    (path,) = training.reproduce(["tiny"])
    text = path.read_text()
    known = json.loads(text)
    for spoilt in ("", text[: len(text) // 2], "[]", json.dumps(known | {"epochs": 2})):
        path.write_text(spoilt)
        assert storage.read_result("tiny") is None
    training.reproduce(["tiny"])  # from the weights that there are
    assert path.read_text() == text
    assert trained == ["tiny"]


def test_results_of_other_settings_are_not_taken(tiny_recipe):
    (path,) = training.reproduce(["tiny"])
    for change in ({"epochs": 2}, {"beta": 2.0}, {"seed": 1}, {"options": {}}, {"augment": 0.0}):
        assert storage.read_result(tiny_recipe.replace(**change)) is None
    for words in ({"about": "other"}, {"reported": {"kl": 1}}, {"better": "tiny"}, {"seconds": 1.0}):
        assert storage.read_result(tiny_recipe.replace(**words)) is not None
    # Recorded before there was such a setting: it had its default.
    known = json.loads(path.read_text())
    del known["settings"]["clip_norm"]
    path.write_text(json.dumps(known))
    assert storage.read_result(tiny_recipe) is not None
    assert storage.read_result(tiny_recipe.replace(clip_norm=1.0)) is None


def test_retrain(two, trained, monkeypatch):
    training.reproduce(["tiny"])
    before = storage.read_result("tiny")["history"]
    monkeypatch.setenv("CVAE_RETRAIN", "1")
    training.reproduce(["tiny"])
    after = storage.read_result("tiny")["history"]
    assert trained == ["tiny", "tiny"]
    assert after["seconds"] != before["seconds"]
    np.testing.assert_allclose(after["loss"], before["loss"], rtol=1e-4)  # the same seed
    monkeypatch.setenv("CVAE_RETRAIN", "0")
    training.reproduce(["tiny"])
    assert trained == ["tiny", "tiny"]


def test_samples_of_digits_are_scored(tiny_recipe, only, monkeypatch):
    recipe = tiny_recipe.replace(dataset="mnist", epochs=1)
    only(recipe)
    scored = []

    def scores(data, images):
        scored.append((data.name, images.shape))
        return {"sure_of_64": 48.0}

    monkeypatch.setattr(training.classifiers, "scores", scores)
    monkeypatch.setattr(training, "load", lambda name: recipe.settings.load())
    training.reproduce()
    assert storage.read_result(recipe)["samples"] == {"sure_of_64": 48.0}
    assert scored == [("squares", (10_000, 8, 8, 1))]


def write_result(recipe, val_loss=(3.0,), seconds=1.0, **final):
    """A recorded result of 64-pixel images, without a training: losses in nats."""
    losses = {"loss": 1.0, "reconstruction": 2.0, "kl": 3.0}
    losses |= {"val_loss": val_loss[-1], "val_reconstruction": 5.0, "val_kl": 6.0}
    history = {"val_loss": list(val_loss), "seconds": [seconds] * len(val_loss)}
    known = {
        "settings": recipe.settings.as_json(), "epochs": recipe.settings.epochs,
        "image_shape": [8, 8, 1], "final": losses | final, "seconds": seconds * len(val_loss),
        "history": history, "samples": {"sure_of_64": 48.0},
    }  # fmt: skip
    storage.RESULTS.mkdir(exist_ok=True)
    (storage.RESULTS / f"{recipe.name}.json").write_text(json.dumps(known))


CONSTANT = 64 / 2 * np.log(2 * np.pi * 0.05)  # of a Gaussian of variance 0.05 over 64 pixels


@pytest.fixture
def zhao(tiny_recipe, only):
    """A report's recipe of squared error / (2 * 0.05), and a better one that gets to 90, 70 and 50, in
    the report's unit, after epochs of 2 s each."""
    better = tiny_recipe.replace(name="better", variance=0.05)
    recipe = better.replace(
        name="zhao", report="zhao", better="better",
        reported={"total": (71, 49), "reconstruction": 60, "kl": 7.5},
    )  # fmt: skip
    only(recipe, better)
    write_result(recipe, [100 + CONSTANT], 4.0, loss=40 + CONSTANT, reconstruction=30 + CONSTANT, kl=10)
    write_result(better, [90 + CONSTANT, 70 + CONSTANT, 50 + CONSTANT], 2.0, val_kl=8)
    return recipe


def test_units_against_numpy(tiny_recipe, rng):
    """-log N(x; mean, c) in nats, and squared error / (2c), each computed from its definition."""
    recipe = tiny_recipe.replace(variance=0.05)
    x, mean = rng.random((2, 64))
    nats = -scipy.stats.norm(mean, np.sqrt(0.05)).logpdf(x).sum()
    result = {"final": {"reconstruction": nats, "val_kl": 7.0}, "image_shape": [8, 8, 1]}
    found = against_reports.in_reports_unit(recipe, result, "reconstruction")
    assert found == pytest.approx(((x - mean) ** 2).sum() / (2 * 0.05))
    assert nats - found == pytest.approx(CONSTANT)
    assert against_reports.in_reports_unit(recipe, result, "val_kl") == 7
    assert (
        against_reports.in_reports_unit(tiny_recipe, result, "reconstruction") == nats
    )  # a cross-entropy


def test_rows_by_hand(zhao):
    total, second, reconstruction, kl = against_reports.rows()
    assert total == {
        "recipe": "zhao", "what": "total", "reported": 71, "better": "better",
        "training": pytest.approx(40), "held out": pytest.approx(100), "seconds": 4.0,
        "better held out": pytest.approx(50), "better seconds": 6.0, "reached": (2, 4.0),
    }  # fmt: skip
    assert second == total | {"reported": 49, "reached": None}
    assert reconstruction["training"] == pytest.approx(30)
    assert reconstruction["held out"] == pytest.approx(5 - CONSTANT)
    assert (kl["training"], kl["held out"], kl["better held out"]) == (10, 6, 8)
    assert "reached" not in reconstruction
    assert "reached" not in kl
    assert against_reports.rows(["zhao"]) == against_reports.rows()


def test_a_goal_that_is_just_met_is_reached(tiny_recipe):
    result = {"history": {"val_loss": [9.0, 8.0, 7.0], "seconds": [1.0, 2.0, 4.0]}}
    assert against_reports.reached(tiny_recipe, result, 9.0) == (1, 1.0)
    assert against_reports.reached(tiny_recipe, result, 8.0) == (2, 3.0)
    assert against_reports.reached(tiny_recipe, result, 7.5) == (3, 7.0)
    assert against_reports.reached(tiny_recipe, result, 6.9) is None


def test_pictures_are_compared_with_our_own_run_of_them(tiny_recipe, only):
    """Where a report prints no number, the better recipe has to reach what its setting gives us."""
    better = tiny_recipe.replace(name="better", seed=1)
    recipe = tiny_recipe.replace(name="pictures", report="luther", reported={"figures": "1 and 2"})
    only(recipe, recipe.replace(name="both", better="better"), better)
    write_result(recipe, [150.0])
    write_result(recipe.replace(name="both"), [150.0])
    write_result(better, [160.0, 149.0])
    alone, both = against_reports.rows()
    assert alone == {
        "recipe": "pictures", "what": "loss", "reported": "figures 1 and 2", "training": 1.0,
        "held out": 150.0, "seconds": 1.0, "better": None,
    }  # fmt: skip
    assert (both["better held out"], both["reached"]) == (149.0, (2, 2.0))
    # Recipes that stand for no report have rows only when they are asked for, and then none to compare.
    assert against_reports.rows(["better"]) == []


def test_missing_results_are_named(zhao, tiny_recipe, monkeypatch):
    third = zhao.replace(name="third", better=None, seed=1)
    monkeypatch.setitem(catalogue.RECIPES, "third", third)
    with pytest.raises(FileNotFoundError, match="not measured yet: run python -m cvae reproduce third$"):
        against_reports.rows()
    (storage.RESULTS / "better.json").unlink()
    with pytest.raises(FileNotFoundError, match="reproduce third better$"):
        against_reports.rows()
    with pytest.raises(FileNotFoundError, match="reproduce better$"):
        against_reports.rows(["zhao"])
    write_result(third)
    assert len(against_reports.rows(["third"])) == 4
    with pytest.raises(ValueError, match="unknown recipe 'zhoa'; did you mean zhao"):
        against_reports.rows(["zhoa"])


def cells_of(text):
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1  # it lines up
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines)
    return [[cell.strip() for cell in line[2:-2].split(" | ")] for line in lines]


def test_markdown(zhao, tiny_recipe, monkeypatch):
    pictures = zhao.replace(name="pictures", reported={"figures": "10", "readable": 60})
    for recipe in (pictures, pictures.replace(name="alone", better=None)):
        monkeypatch.setitem(catalogue.RECIPES, recipe.name, recipe)
        write_result(recipe, [12345.6 + CONSTANT])
    header, rule, *rows = cells_of(against_reports.markdown(against_reports.rows()))
    assert header == list(against_reports.HEADER)
    assert set("".join(rule)) == {"-"}
    assert len(rows) == 4 + 2 + 2
    assert {len(row) for row in rows} == {10}
    assert all(all(row) for row in rows)
    assert rows[0] == ["zhao", "total", "71", "40", "100", "4 s", "better", "50", "6 s", "2 epochs, 4 s"]
    assert rows[1][-1] == "never"
    assert rows[3] == ["zhao", "kl", "7.5", "10", "6", "4 s", "better", "8", "6 s", "-"]
    assert rows[4][2:5:2] == ["figure 10", "12345.6"]
    assert rows[4][-1] == "1 epoch, 2 s"
    assert rows[5][4] == "48"
    assert rows[6][6:] == ["-"] * 4


def test_reproduce_and_table_from_the_command_line(tiny_recipe, only, tmp_path, capsys):
    recipe = tiny_recipe.replace(report="luther", reported={"figures": "1"}, better="second")
    only(recipe, tiny_recipe.replace(name="second", seed=1))
    assert main(["table"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "not measured yet: run python -m cvae reproduce tiny second" in error
    assert main(["reproduce", "tiny"]) == 0
    assert capsys.readouterr().out == f"recorded {storage.RESULTS / 'tiny.json'}\n"
    assert main(["reproduce"]) == 0
    assert capsys.readouterr().out.count("recorded") == 2
    assert main(["table", "--out", str(tmp_path / "docs" / "table.md")]) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "docs" / "table.md").read_text() == printed
    assert any(line.startswith("| tiny   | loss | figure 1 |") for line in printed.splitlines())
    assert main(["table"]) == 0
    assert capsys.readouterr().out == printed
    assert sorted(path.name for path in tmp_path.glob("*.md")) == []  # only `--out` writes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "zhao", "zhoa"], "unknown recipe 'zhoa'; did you mean zhao"),
        (["table", "--out", "{folder}"], "it is a folder; add a file name"),
    ],
)
def test_errors_of_the_command_line(zhao, arguments, message, tmp_path, capsys):
    assert main([argument.replace("{folder}", str(tmp_path)) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_interrupted_from_the_command_line(tiny_recipe, monkeypatch, capsys):
    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", killed)
    assert main(["reproduce", "tiny"]) == 130
    assert "the same command goes on" in capsys.readouterr().err


METRICS = {"samples a person can read as a digit": "readable"}
NETWORK = {"mlp": "mlp", "conv": "cnn", "residual": "residual cnn"}


@pytest.fixture
def published():
    """The rows of what the reports publish of VAEs: numbers, and pictures without one."""
    with open(runtime.ROOT / "data" / "reported_results.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] != "test accuracy"]
    return [row for row in rows if row["value"]], [row for row in rows if not row["value"]]


def of_reports():
    return [recipe for recipe in catalogue.RECIPES.values() if recipe.report]


def place(recipe):
    return (
        recipe.report, recipe.settings.dataset, NETWORK[recipe.settings.network],
        str(recipe.settings.latent_dim),
    )  # fmt: skip


def place_of(row):
    return row["report"], row["dataset"], row["network"], row["latent_dim"]


def test_every_published_number_is_in_a_recipe_and_no_other(published):
    expected = [
        (*place_of(row), METRICS.get(row["metric"], row["metric"]), float(row["value"]))
        for row in published[0]
    ]
    found = []
    for recipe in of_reports():
        for metric, values in recipe.reported.items():
            if metric != "figures":
                values = values if isinstance(values, tuple) else (values,)
                found += [(*place(recipe), metric, float(value)) for value in values]
    assert collections.Counter(found) == collections.Counter(expected)
    assert len(expected) == 37


def test_every_published_picture_is_in_a_recipe_and_no_other(published):
    found = {place(recipe) for recipe in of_reports() if "figures" in recipe.reported}
    assert found == {place_of(row) for row in published[1]}


def test_recipes_have_the_epochs_and_the_c_of_their_report(published):
    for row in published[0]:
        if row["metric"] in METRICS:
            continue
        numbers = (*place_of(row), row["metric"])
        matching = [
            recipe for recipe in of_reports()
            if recipe.reported.keys() >= {row["metric"]} and (*place(recipe), row["metric"]) == numbers
        ]  # fmt: skip
        assert matching, numbers
        for recipe in matching:
            assert row["setting"].startswith(f"{recipe.settings.epochs} epochs")
            # aragam's plain squared error is divided by 2c = 1.
            c = recipe.settings.variance if "c=" in row["setting"] else 0.5
            assert f"c={c:g}" in row["setting"] or recipe.settings.variance == c == 0.5


def test_every_reported_number_has_a_measured_one():
    text = against_reports.markdown(against_reports.rows())  # raises where a result is missing
    cells = [cell.strip() for line in text.splitlines() for cell in line.strip("|").split("|")]
    assert all(cells)
