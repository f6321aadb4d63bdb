import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import keras
import numpy as np
import pytest
import scipy.special
from conftest import give
from keras import ops

import cvae
from cvae import metrics
from cvae.experiments import catalogue, storage, training


def test_every_recipe_builds():
    shapes = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
    networks = {}  # each once
    for recipe in catalogue.RECIPES.values():
        settings = recipe.settings
        shape = shapes.get(settings.dataset, (64, 64, 3))
        likelihood = settings.likelihood, settings.variance == "learned"
        same = shape, settings.network, str(settings.options), settings.conditional, likelihood
        networks[same] = settings
        assert recipe.about
        assert recipe.better is None or recipe.better in catalogue.RECIPES
    for (shape, *_), settings in networks.items():
        assert settings.build(shape, num_classes=10).latent_dim == settings.latent_dim


def test_the_luther_network():
    """784 to 200 to 200 to 2 + 2, and back: by hand."""
    vae = catalogue.RECIPES["luther-2"].settings.build((28, 28, 1))
    encoder = 784 * 200 + 200 + 200 * 200 + 200 + 2 * (200 * 2 + 2)
    decoder = 2 * 200 + 200 + 200 * 200 + 200 + 200 * 784 + 784
    assert vae.encoder.count_params() + vae.decoder.count_params() == encoder + decoder


def test_train_writes_weights_and_card(tiny_recipe, tmp_path):
    vae = training.train(tiny_recipe, tmp_path / "out" / "tiny.keras", verbose=0)
    card = json.loads((tmp_path / "out" / "tiny.json").read_text())
    assert card["settings"] == tiny_recipe.settings.as_json()
    assert card["epochs"] == 3
    assert (card["training_images"], card["test_images"]) == (96, 32)
    assert card["data"] == "TFDS squares 1.0.0"
    assert set(card["final"]) >= {"loss", "kl", "reconstruction", "val_loss"}
    assert card["final"]["val_loss"] == pytest.approx(card["history"]["val_loss"][-1], abs=1e-3)
    assert card["seconds"] > 0
    again = cvae.load_vae(tmp_path / "out" / "tiny.keras")
    np.testing.assert_allclose(again.sample(3, seed=0), vae.sample(3, seed=0), atol=1e-6)


@pytest.mark.parametrize(
    ("threads", "allowed", "hardware"),
    [(None, 4, "4 CPU cores"), ("1", 4, "1 of 4 CPU cores"), (None, 2, "2 of 4 CPU cores")],
)
def test_a_card_says_how_many_cores_trained(
    tiny_recipe, tmp_path, monkeypatch, threads, allowed, hardware
):
    monkeypatch.setattr(storage.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(storage.os, "sched_getaffinity", lambda _: set(range(allowed)), raising=False)
    monkeypatch.setattr(storage.runtime, "gpus", list)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    if threads:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", threads)
    training.train(tiny_recipe.replace(epochs=1), tmp_path / "tiny.keras", verbose=0)
    assert json.loads((tmp_path / "tiny.json").read_text())["hardware"] == hardware


def test_reading_a_card_reads_no_data(tiny_recipe, monkeypatch):
    training.train(tiny_recipe, verbose=0)
    monkeypatch.setattr("cvae.experiments.recipe.load", lambda *a, **k: pytest.fail("data were read"))
    assert storage.read_card("tiny")["name"] == "tiny"
    assert storage.find_weights(tiny_recipe.replace(binarize="static")) is None


def test_load_or_train_trains_once(tiny_recipe, capsys, monkeypatch, recwarn):
    with pytest.raises(FileNotFoundError, match="tiny is not trained"):
        storage.read_card("tiny")
    first = training.load_or_train("tiny", verbose=0)
    assert "tiny: training, 3 epochs" in capsys.readouterr().out
    second = training.load_or_train("tiny", verbose=0)
    assert "tiny: trained weights (3 epochs" in capsys.readouterr().out
    np.testing.assert_allclose(first.sample(2, seed=0), second.sample(2, seed=0), atol=1e-6)
    data = tiny_recipe.settings.load()
    second.evaluate(data.x_test, verbose=0)  # ready to use: compiled
    assert not [w for w in recwarn if "Skipping variable loading" in str(w.message)]
    assert storage.read_card("tiny")["name"] == "tiny"
    monkeypatch.setenv("CVAE_RETRAIN", "1")
    training.load_or_train("tiny", verbose=0)
    assert "training" in capsys.readouterr().out


def test_smoke_takes_trained_weights_and_trains_little_without(tiny_recipe, monkeypatch):
    monkeypatch.setenv("CVAE_PROFILE", "smoke")
    small = training.sized(tiny_recipe).settings
    assert (small.epochs, small.limit, small.test_limit) == (1, 256, 256)
    training.train(tiny_recipe, storage.PRETRAINED / "tiny.keras", verbose=0)
    assert training.sized(tiny_recipe) == tiny_recipe
    monkeypatch.setenv("CVAE_RETRAIN", "1")
    assert training.sized(tiny_recipe).settings == small


def test_after_retraining_the_card_is_of_the_new_weights(tiny_recipe, monkeypatch):
    training.train(tiny_recipe, storage.PRETRAINED / "tiny.keras", verbose=0)
    committed = storage.read_card("tiny")["history"]["seconds"]
    monkeypatch.setenv("CVAE_RETRAIN", "1")
    training.load_or_train("tiny", verbose=0)
    assert storage.read_card("tiny")["history"]["seconds"] != committed


def test_weights_of_other_settings_are_not_taken(tiny_recipe, capsys):
    training.train(tiny_recipe, storage.PRETRAINED / "tiny.keras", verbose=0)
    assert storage.find_weights(tiny_recipe) == storage.PRETRAINED / "tiny.keras"
    for change in ({"epochs": 2}, {"beta": 2.0}, {"options": {"hidden": (9,)}}, {"seed": 1}):
        assert storage.find_weights(tiny_recipe.replace(**change)) is None
    # Words about a recipe are not settings.
    assert storage.find_weights(tiny_recipe.replace(about="other words")) is not None


def test_half_written_weights_are_never_seen(tiny_recipe, monkeypatch):
    def fail(self, path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(cvae.VAE, "save", fail)
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_recipe, verbose=0)
    assert storage.find_weights(tiny_recipe) is None
    assert not list(storage.RUNS.rglob("*.keras"))


def test_a_card_never_stands_beside_other_weights(tiny_recipe, tmp_path, monkeypatch):
    out = tmp_path / "tiny.keras"
    training.train(tiny_recipe, out, verbose=0)

    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "write_json", fail)
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_recipe.replace(beta=2.0), out, verbose=0)
    assert not storage.is_of(tiny_recipe, out)


def test_stand_in_weights_do_not_go_into_pretrained(tiny_recipe, monkeypatch):
    data = tiny_recipe.settings.load()
    stand_in = cvae.ImageDataset(
        "squares", "stand-in: squares", ("a",), data.x_train, data.y_train, data.x_test, data.y_test
    )
    give(monkeypatch, stand_in)
    with pytest.raises(ValueError, match="do not go into data/pretrained"):
        training.train(tiny_recipe, storage.PRETRAINED / "tiny.keras")
    # Nor are real weights shown beside stand-in data.
    storage.PRETRAINED.mkdir(exist_ok=True)
    assert storage.find_weights(tiny_recipe) is None


def test_bad_output_is_found_before_training(tiny_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(cvae.VAE, "fit", lambda *a, **k: pytest.fail("training started"))
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write"):
        training.train(tiny_recipe, tmp_path / "file" / "a.keras")
    with pytest.raises(ValueError, match="must end in .keras"):
        training.train(tiny_recipe, tmp_path / "a.h5")


def test_unknown_recipe_lists_the_near_ones():
    with pytest.raises(ValueError, match="unknown recipe 'luter-2'; did you mean luther-2"):
        catalogue.find("luter-2")


def test_bias_init_and_variance(tiny_recipe):
    vae = training.train(tiny_recipe.replace(bias_init=True, variance=0.05, epochs=1), verbose=0)
    assert vae.likelihood.variance == 0.05


class StopAfter(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("change", [{}, {"augment": 5.0}, {"binarize": "dynamic"}])
def test_a_conditional_recipe(tiny_recipe, tmp_path, change):
    recipe = tiny_recipe.replace(conditional=True, epochs=1, **change)
    training.train(recipe, tmp_path / "tiny.keras", verbose=0)
    vae = cvae.load_vae(tmp_path / "tiny.keras")
    assert isinstance(vae, cvae.ConditionalVAE)
    classes = len(recipe.settings.load().class_names)
    assert vae.num_classes == classes
    assert vae.sample(classes, labels=np.arange(classes)).shape[0] == classes
    with pytest.raises(ValueError, match="are conditional: build them with the number of classes"):
        recipe.settings.build((8, 8, 1))


@pytest.mark.parametrize("conditional", [False, True])
def test_a_binarised_recipe_records_its_likelihood(tiny_recipe, monkeypatch, conditional):
    recipe = tiny_recipe.replace(
        binarize="static", conditional=conditional, nll_samples=20, many_samples=200
    )
    monkeypatch.setitem(catalogue.RECIPES, "tiny", recipe)
    training.reproduce(["tiny"])
    result = storage.read_result(recipe)
    assert (result["nll"]["images"], result["nll"]["samples"]) == (32, 20)
    assert 0 < result["nll"]["standard_error"] < result["nll"]["nats"]
    assert result["nll"]["nats"] < result["final"]["val_loss"]  # tighter than the ELBO
    data = recipe.settings.load()
    again = training.estimate_nll(recipe, training.load_or_train(recipe), data.x_test, data.y_test)
    assert again == result["nll"]
    more = result["nll_many"]  # of all 32 images here
    assert (more["images"], more["samples"]) == (32, 200)
    assert more["nats_with_fewer"] == result["nll"]["nats"]
    recipe = recipe.replace(nll_samples=200)
    many = training.estimate_nll(recipe, training.load_or_train(recipe), data.x_test, data.y_test)
    assert many["nats"] == more["nats"] != more["nats_with_fewer"]
    assert "nll" not in storage.read_card(recipe)


@pytest.mark.parametrize(
    ("anneal", "betas"), [(2, [0, 1, 2, 2]), ((1, 2), [0, 2, 0, 2]), (None, [None] * 4)]
)
def test_options_of_training_arrive(tiny_recipe, tmp_path, anneal, betas):
    recipe = tiny_recipe.replace(beta=2.0, free_bits=0.25, importance_samples=3, anneal=anneal, epochs=4)
    vae = training.train(recipe, tmp_path / "tiny.keras", verbose=0)
    assert (vae.free_bits, vae.importance_samples) == (0.25, 3)
    history = json.loads((tmp_path / "tiny.json").read_text())["history"]
    assert history.get("beta", [None] * 4) == betas


def test_a_recipe_that_starts_with_the_weights_of_another(tiny_recipe, capsys):
    further = tiny_recipe.replace(name="further", start="tiny", beta=2.0, learning_rate=1e-9, epochs=1)
    vae = training.train(further, verbose=0)
    assert "tiny: training, 3 epochs" in capsys.readouterr().out
    first = training.load_or_train("tiny", verbose=0)
    z = cvae.gaussian.prior(4, 2, 0)
    np.testing.assert_allclose(vae.decode(z), first.decode(z), atol=1e-5)
    assert float(vae.beta) == 2
    with pytest.raises(ValueError, match="wider cannot start with the weights of tiny, whose network"):
        training.train(further.replace(name="wider", latent_dim=3), verbose=0)


def test_a_deeper_network_is_another_even_where_its_first_layers_are_alike(tiny_recipe, monkeypatch):
    deep = tiny_recipe.replace(
        name="deep", latent_dim=8, options={"hidden": (8,), "encoder": {"hidden": (8, 8)}}
    )
    monkeypatch.setitem(catalogue.RECIPES, "deep", deep)
    flat = deep.replace(name="flat", start="deep", options={"hidden": (8,)})
    with pytest.raises(ValueError, match="flat cannot start with the weights of deep"):
        training.train(flat, verbose=0)


def test_a_conditional_recipe_starts_where_a_plain_one_ended(tiny_recipe, monkeypatch, images, labels):
    """At first the label changes nothing; then it does."""
    tiny = tiny_recipe.replace(network="conv", options={"filters": (4, 4)})
    told = tiny.replace(name="told", start="tiny", conditional=True, learning_rate=1e-9, epochs=1)
    for recipe in (tiny, told):
        monkeypatch.setitem(catalogue.RECIPES, recipe.name, recipe)
    first, vae = training.train(tiny, verbose=0), training.train(told, verbose=0)
    z_mean, _ = vae.encode(images, labels)
    np.testing.assert_allclose(z_mean, first.encode(images)[0], atol=1e-5)
    np.testing.assert_allclose(vae.decode(z_mean, labels), first.decode(z_mean), atol=1e-5)
    learnt = told.replace(name="learnt", learning_rate=1e-2)
    monkeypatch.setitem(catalogue.RECIPES, "learnt", learnt)
    vae = training.train(learnt, verbose=0)
    assert abs(vae.decode(z_mean, labels) - vae.decode(z_mean, 1 - labels // 2)).max() > 1e-3
    told_mean, _ = vae.encode(images, labels)
    assert abs(told_mean - vae.encode(images, (labels + 1) % 3)[0]).max() > 1e-4
    again = training.train(told.replace(name="again", start="learnt"), verbose=0)  # both know the label
    np.testing.assert_allclose(again.encode(images, labels)[0], told_mean, atol=1e-5)
    np.testing.assert_allclose(again.decode(z_mean, labels), vae.decode(z_mean, labels), atol=1e-5)
    for start, change in (("tiny", {"network": "mlp", "options": {}}), ("told", {"conditional": False})):
        with pytest.raises(ValueError, match="wrong cannot start with the weights of"):
            training.train(told.replace(name="wrong", start=start, **change), verbose=0)


def test_layers_next_to_z_can_start_anew(tiny_recipe):
    anew = tiny_recipe.replace(
        name="anew", start="tiny", reinit_latent_layers=True, learning_rate=1e-9, epochs=1
    )
    vae, first = training.train(anew, verbose=0), training.load_or_train("tiny", verbose=0)

    def alike(other):
        pairs = zip(vae.encoder.weights + vae.decoder.weights, other, strict=True)
        return [np.allclose(ours, theirs, atol=1e-5) for ours, theirs in pairs]

    # Kernel and bias of: the encoder's layer, z_mean, z_log_var, the decoder's layer, the pixels'.
    next_to_z = [False, False, True, True, True, True, True, False, False, False]
    drawn = anew.settings.build((8, 8, 1))
    assert alike(drawn.encoder.weights + drawn.decoder.weights) == next_to_z
    assert alike(first.encoder.weights + first.decoder.weights) == [not new for new in next_to_z]
    with pytest.raises(ValueError, match="alone: reinit_latent_layers needs a start"):
        training.train(anew.replace(name="alone", start=None), verbose=0)


def test_interrupted_training_goes_on(tiny_recipe, tmp_path):
    out = tmp_path / "tiny.keras"
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_recipe, out, callbacks=[StopAfter(2)], verbose=0)
    assert not out.exists()
    begun = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    training.train(tiny_recipe, out, callbacks=[note], verbose=0)
    assert begun == [2]
    history = json.loads(out.with_suffix(".json").read_text())["history"]
    assert len(history["loss"]) == 3
    assert history["loss"][2] < history["loss"][0]


HIERARCHICAL = {
    "network": "hierarchical", "options": {"filters": (4, 4), "groups": ((1,), (1,)), "hidden": 8},
    "schedule": "cosine", "warmup": 2, "ema": 0.9, "clip_norm": 100.0, "learning_rate": 1e-2,
}  # fmt: skip


def test_a_hierarchical_recipe_goes_on_with_its_average(tiny_recipe, tmp_path):
    """Interrupted or not: what is kept is the average of the weights over all steps, and the held-out
    losses are of it."""
    recipe, weights = tiny_recipe.replace(**HIERARCHICAL, epochs=4), {}
    data = recipe.settings.load()
    for stops in ((), (2,)):
        out = tmp_path / f"{stops}.keras"
        for epoch in stops:
            with pytest.raises(KeyboardInterrupt):
                training.train(recipe, out, callbacks=[StopAfter(epoch)], verbose=0)
        vae = training.train(recipe, out, verbose=0)
        kept, averages = vae.trainable_variables, vae.optimizer._model_variables_moving_average
        for weight, average in zip(kept, averages, strict=True):
            np.testing.assert_allclose(weight, average, rtol=1e-5, atol=1e-6)
        weights[stops] = np.concatenate([np.ravel(ops.convert_to_numpy(weight)) for weight in kept])
        card = json.loads(out.with_suffix(".json").read_text())
        assert card["parameters"] == vae.count_params()
        bound = -metrics.elbo(cvae.load_vae(out), data.x_test, samples=50).mean()
        assert card["final"]["val_loss"] == pytest.approx(bound, rel=0.05)
    # In another order of the images, the steps of the first two epochs in it.
    drawn = recipe.settings.build((8, 8, 1))
    start = np.concatenate([np.ravel(ops.convert_to_numpy(w)) for w in drawn.trainable_variables])
    moved = [weight - start for weight in weights.values()]
    assert np.corrcoef(*moved)[0, 1] > 0.8


def test_a_hierarchical_recipe_starts_with_the_weights_of_another(tiny_recipe, monkeypatch):
    first = tiny_recipe.replace(**HIERARCHICAL, epochs=1)
    monkeypatch.setitem(catalogue.RECIPES, "tiny", first)
    further = first.replace(
        name="further", start="tiny", learning_rate=1e-9, importance_samples=2, ema=None
    )
    vae, trained = training.train(further, verbose=0), training.load_or_train("tiny", verbose=0)
    np.testing.assert_allclose(vae.sample(3, seed=0), trained.sample(3, seed=0), atol=1e-5)
    with pytest.raises(ValueError, match="cannot start with the weights of tiny, whose network"):
        training.train(further.replace(name="other", options={"filters": (4,), "groups": ((1,),)}))
    with pytest.raises(ValueError, match="a hierarchical network has none"):
        training.train(further.replace(name="other", reinit_latent_layers=True))


def test_a_learnt_prior_starts_as_it_was_drawn_beside_the_weights_of_another(tiny_recipe):
    trained = training.load_or_train("tiny", verbose=0)
    further = tiny_recipe.replace(
        name="further", start="tiny", prior="flow", learning_rate=1e-9, epochs=1
    )
    vae = training.train(further, verbose=0)
    np.testing.assert_allclose(vae.sample(3, seed=0), trained.sample(3, seed=0), atol=1e-4)


@pytest.mark.parametrize("network", [{}, "hierarchical"])
def test_a_mixture_starts_where_the_codes_are(tiny_recipe, monkeypatch, network):
    first = tiny_recipe.replace(**HIERARCHICAL if network else {}, epochs=1)
    monkeypatch.setitem(catalogue.RECIPES, "tiny", first)
    further = first.replace(name="further", start="tiny", prior="mixture", learning_rate=1e-9, ema=None)
    vae, trained = training.train(further, verbose=0), training.load_or_train("tiny", verbose=0)
    images = first.settings.load().x_train
    z = trained.predict(images, verbose=0)["z"]
    z = z[0] if network else z
    logits, means, _ = (ops.convert_to_numpy(weight) for weight in vae.prior.weights)
    assert abs(means).mean() > 0.3  # at first they are all near 0
    # Expectation maximisation keeps the mean.
    np.testing.assert_allclose(scipy.special.softmax(logits) @ means, z.mean(axis=0), atol=0.4)
    # One that was learnt before is not fitted again.
    monkeypatch.setitem(catalogue.RECIPES, "further", further)
    vae.prior.set_weights([weight + 0.25 for weight in vae.prior.get_weights()])
    monkeypatch.setattr(training, "load_or_train", lambda *args: vae)
    third = training.train(further.replace(name="third", start="further"), verbose=0)
    for ours, theirs in zip(third.prior.get_weights(), vae.prior.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("change", [{"warmup": 5}, {"warmup": -1}, {"ema": 1.0}, {"ema": 0}])
def test_wrong_settings_of_the_optimizer(tiny_recipe, change):
    with pytest.raises(ValueError, match=next(iter(change))):
        tiny_recipe.replace(**change)


@pytest.mark.parametrize("spoilt", ["training_metadata.json", "latest.weights.h5", "both", "log"])
def test_killed_while_writing_the_backup(tiny_recipe, tmp_path, spoilt):
    """Keras writes its backup in place: each file can be left empty, or a log row half written."""
    out = tmp_path / "tiny.keras"
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_recipe, out, callbacks=[StopAfter(2)], verbose=0)
    (folder,) = storage.RUNS.iterdir()
    begun = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    for name in ("training_metadata.json", "latest.weights.h5"):
        if spoilt in (name, "both"):
            (folder / "backup" / name).write_text("")
    if spoilt == "log":
        log = folder / "log.csv"
        log.write_text(log.read_text() + "2,0.1")
    training.train(tiny_recipe, out, callbacks=[note], verbose=0)
    assert begun == ([2] if spoilt == "log" else [1, 2])
    history = json.loads(out.with_suffix(".json").read_text())["history"]
    assert [len(values) for values in history.values()] == [3] * len(history)


def test_killed_command_loses_at_most_one_epoch(tmp_path):
    """A real SIGKILL of a real `python -m cvae train`, on the digits stand-in."""
    pytest.importorskip("tensorflow_datasets")
    script = f"""
        import sys
        from pathlib import Path
        from cvae import __main__
        from cvae.experiments import storage
        storage.RUNS = Path({str(tmp_path)!r})
        out = {str(tmp_path / "m.keras")!r}
        sys.exit(__main__.main(["train", "luther-2", "--epochs", "12", "--out", out]))
    """
    offline = {"TFDS_DATA_DIR": str(tmp_path / "none"), "CVAE_OFFLINE": "1"}
    environment = os.environ | offline | {"CI": "1", "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        logs = list(tmp_path.glob("luther-2-*/log.csv"))
        if logs and len(logs[0].read_text().splitlines()) > 4:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "m.keras").exists()
    before = training.read_log(logs[0])["seconds"]
    assert 3 <= len(before) < 12
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    card = json.loads((tmp_path / "m.json").read_text())
    assert card["epochs"] == 12
    # Epochs before the kill were not done again, but for at most the last: their times are the same.
    kept = len(before) - 1
    assert card["history"]["seconds"][:kept] == [round(seconds, 4) for seconds in before[:kept]]


def test_committed_weights_load_and_are_of_their_recipe():
    names = [p.stem for p in storage.PRETRAINED.glob("*.keras") if not p.stem.startswith("classifier")]
    assert set(names) >= {"luther-2", "luther-10", "luther-100"}
    for name in names:
        card = json.loads((storage.PRETRAINED / f"{name}.json").read_text())
        assert catalogue.RECIPES[name].settings.are(card["settings"]), name
        assert card["epochs"] == catalogue.RECIPES[name].settings.epochs
        assert "stand-in" not in card["data"]
        vae = cvae.load_vae(storage.PRETRAINED / f"{name}.keras")
        labels = [0, 1] if catalogue.RECIPES[name].settings.conditional else None
        assert vae.sample(2, labels, seed=0).shape[1:] == vae.image_shape
        assert (storage.PRETRAINED / f"{name}.keras").stat().st_size < 10e6
