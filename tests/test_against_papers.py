"""Likelihoods in one table: what may be compared, what is ours, what is others'."""

import json

import pytest

from cvae import runtime
from cvae.experiments import against_papers, catalogue, storage, training


@pytest.fixture
def recorded(tiny_recipe, monkeypatch):
    """A function that makes these recipes the only ones, each with a result."""

    def record(**recipes_and_results):
        known = {}
        for name, (changes, result) in recipes_and_results.items():
            recipe = tiny_recipe.replace(
                **{"name": name, "dataset": "mnist", "binarize": "dynamic"} | changes
            )
            known[name] = recipe
            if result is None:
                continue
            card = {
                "settings": recipe.settings.as_json(), "epochs": recipe.settings.epochs,
                "parameters": 1234, "training_images": 60000, "image_shape": [8, 8, 1], "seconds": 10.0,
            }  # fmt: skip
            storage.write_json(card | result, storage.RESULTS / f"{name}.json")
        for module in (against_papers, training, catalogue):
            monkeypatch.setattr(module, "RECIPES", known)

    return record


def final(loss):
    return {"final": {"val_loss": loss, "val_reconstruction": loss - 1, "val_kl": 1.0}}


def likelihood(bound, nats):
    return final(bound) | {"nll": {"nats": nats, "samples": 500}}


def test_ours_stand_beside_the_published_ones_of_their_kind(recorded):
    recorded(
        good=({"start": "poor"}, likelihood(88.0, 82.0)),
        poor=({}, likelihood(97.0, 95.0)),
        told=({"conditional": True}, likelihood(86.0, 80.0)),
        fixed=({"binarize": "static"}, likelihood(93.0, 90.5)),
        grey=({"binarize": None}, final(60.0)),
        small=({"limit": 100}, likelihood(1.0, 1.0)),
        photographs=(
            {"dataset": "cifar10", "binarize": None, "likelihood": "discretized_logistic"},
            final(64 * 4.0 * 0.6931471805599453),
        ),
        unmeasured=({}, None),
    )
    table = against_papers.rows()
    by_kind = {}
    for row in table:
        by_kind.setdefault(row["kind"], []).append((row["model"], round(row["value"], 6)))
    digits = by_kind["mnist", "dynamic", False]
    assert digits[0] == ("poor", 95.0)
    place = digits.index(("good", 82.0))
    assert digits[place + 1] == ("LVAE, five layers of z, MLP", 81.74)
    assert len(digits) == 2 + len(against_papers.ANCHORS["mnist", "dynamic", False])
    assert by_kind["mnist", "dynamic", True] == [
        ("VAE, MLP", 82.32), ("IWAE of 50 samples, MLP", 80.78), ("told", 80.0),
    ]  # fmt: skip
    assert by_kind["mnist", "static", False][:2] == [("fixed", 90.5), ("VAE, a bound", 89.9)]
    assert by_kind["cifar10", None, False][:2] == [("VAE, a bound", 4.51), ("photographs", 4.0)]
    assert all(  # the best last, whose it may be
        rows == sorted(rows, key=lambda row: -row[1]) for rows in by_kind.values()
    )
    seconds = {row["model"]: row.get("seconds") for row in table}
    assert (seconds["poor"], seconds["good"]) == (10, 20)  # with the training it starts from


def test_the_table_as_markdown(recorded):
    recorded(poor=({}, likelihood(97.0, 95.0)))
    text = against_papers.markdown(against_papers.rows())
    assert "**mnist, dynamic binarisation, nats per image**" in text
    assert "**mnist, dynamic binarisation, nats per image, given the label**" in text
    assert "| poor | 95.00 | 500 | 97.00 | 1,234 | 60,000 | 10 s | ours |" in text
    assert "| VAE, MLP | 86.76 |  |  |  |  |  | Burda et al. 2016 |" in text


def test_what_is_recorded_here_can_be_shown():
    rows = against_papers.rows()
    ours = [row for row in rows if row["source"] == "ours"]
    assert {row["model"] for row in ours} >= {"cifar10-32", "cifar10-512"}
    for row in ours:
        card = json.loads((runtime.ROOT / "data" / "results" / f"{row['model']}.json").read_text())
        assert row["seconds"] >= card["seconds"]
        assert row["bound"] >= row["value"] > 0
