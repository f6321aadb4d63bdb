"""python -m cvae: train the recipes, compare with the reports, draw samples; without a notebook."""

import argparse
import importlib
import json
import sys
from pathlib import Path

from cvae.build import load_vae
from cvae.datasets.tfds import load
from cvae.experiments import against_papers, against_reports, catalogue, storage, training
from cvae.experiments.recipe import DEFAULTS, Recipe
from cvae.experiments.studies import samples
from cvae.utils.files import check_writable, whole
from cvae.vae import ConditionalVAE
from cvae.visualization import plots
from cvae.visualization.page import write_page


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cvae",
        description="Train variational autoencoders (VAEs) from recipes, and draw samples from them.",
        epilog="Start with: python -m cvae list",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    commands.add_parser("list", help="show the recipes: what each trains, and on what")

    train = commands.add_parser(
        "train",
        help="train one recipe and save the model",
        description="Train one recipe. Interrupted with Ctrl-C or killed, the same command goes on "
        "after the last whole epoch.",
    )
    train.add_argument("recipe", help="its name, as 'list' shows it")
    train.add_argument("--out", metavar="MODEL.keras", help="where to save (default: under runs/)")
    train.add_argument("--epochs", type=int, help="passes over the images (default: the recipe's)")
    train.add_argument("--limit", type=int, help="train on this many images only, for a quick look")

    reproduce = commands.add_parser(
        "reproduce",
        help="train what has no result yet, and record it",
        description="Train the recipes that have no result in data/results yet, one after the other. "
        "Interrupted or killed, the same command goes on where it was.",
    )
    reproduce.add_argument(
        "recipes", nargs="*", metavar="RECIPE",
        help="their names (default: all); 'synthetic', 'oversampling-settings' and 'oversampling' are "
        "the studies of notebook 07, 'samples' scores the committed models",
    )  # fmt: skip

    table = commands.add_parser(
        "table",
        help="reported against measured",
        description="Print what the reports publish beside what we measured, likelihoods beside those "
        "of papers, and the scores of samples; write the same tables as Markdown.",
    )
    table.add_argument("--out", metavar="TABLE.md", default=storage.RESULTS / "table.md")

    sample = commands.add_parser(
        "sample",
        help="draw images from a trained model",
        description="Draw new images from a trained model and save them as one picture.",
    )
    sample.add_argument("model", metavar="MODEL.keras", help="a file that 'train' saved")
    sample.add_argument("--out", required=True, metavar="GRID.png", help="the picture to write")
    sample.add_argument("-n", type=int, default=64, help="how many images (default: 64)")
    sample.add_argument("--seed", type=int, default=0, help="another seed draws others (default: 0)")
    sample.add_argument("--label", type=int, help="the class to draw, for a conditional model")

    explore = commands.add_parser(
        "explore",
        help="write a web page to play with a latent space",
        description="Write one web page, which needs no network and no server: drag a point over the "
        "latent space, and see it decoded.",
    )
    explore.add_argument("model", metavar="MODEL.keras", help="a file that 'train' saved")
    explore.add_argument("--out", required=True, metavar="PAGE.html", help="the page to write")
    explore.add_argument("--data", help="whose images are the dots (default: what it was trained on)")
    explore.add_argument("--points", type=int, default=3000, help="how many dots (default: 3000)")
    explore.add_argument("--title", help="of the page")

    options = parser.parse_args(arguments)
    try:
        COMMANDS[options.command](options)
    # What the package raises for a wrong argument or file: its message says what to do.
    except (ValueError, TypeError, OSError, FloatingPointError) as error:
        print(f"python -m cvae {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last whole epoch", file=sys.stderr)
        return 130
    return 0


def run_list(options):
    width = max(map(len, catalogue.RECIPES))
    print(f"{'recipe':{width}} {'epochs':>6}  {'report':8} what it trains")
    for recipe in catalogue.RECIPES.values():
        print(f"{recipe.name:{width}} {recipe.epochs:6}  {recipe.report or 'ours':8} {recipe.about}")


def run_train(options):
    recipe = catalogue.find(options.recipe)
    for name in ("epochs", "limit"):
        value = getattr(options, name)
        if value is not None:
            if value < 1:
                raise ValueError(f"--{name} must be at least 1, got {value}")
            recipe = recipe.but(**{name: value})
    out = options.out or storage.run_path(recipe, recipe.load())  # where `load_or_train` looks
    training.train(recipe, out)
    print(f"saved {out}\nnext: python -m cvae sample {out} --out grid.png")


def run_reproduce(options):
    names = [name for name in options.recipes if name not in STUDIES]
    if names or not options.recipes:
        for path in training.reproduce(names):
            print(f"recorded {path}")
    for name in options.recipes:
        if name in STUDIES:  # imported here: imbalanced-learn takes a second
            study = importlib.import_module(STUDIES[name])
            print(f"recorded {study.reproduce()}")


def run_table(options):
    parts = [
        against_reports.markdown(against_reports.rows()),
        against_papers.markdown(against_papers.rows()),
    ]
    scores = samples.read()
    text = "\n".join([*parts, samples.markdown(scores)] if scores else parts)
    print(text, end="")
    with whole(options.out) as temporary:
        Path(temporary).write_text(text)


def run_sample(options):
    path = check_writable(options.out)
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".pdf", ".svg"):
        raise ValueError(f"--out must be a picture, such as grid.png; got {options.out!r}")
    vae = load_vae(Path(options.model))
    if options.label is None and isinstance(vae, ConditionalVAE):
        raise ValueError(f"this model is conditional: add --label, 0 to {vae.num_classes - 1}")
    images = vae.sample(options.n, labels=options.label, seed=options.seed)
    plots.save(plots.gallery(images), path)
    print(f"saved {path}")


def run_explore(options):
    if options.points < 1:
        raise ValueError(f"--points must be at least 1, got {options.points}")
    vae = load_vae(options.model)
    data = data_of(Path(options.model), options.data, options.points)
    title = options.title or f"The latent space of {Path(options.model).stem}"
    print(f"saved {write_page(options.out, vae, data.x_train, data.y_train, data.class_names, title)}")


def data_of(model, name, limit):
    """The data set of that name, or the one that a model's card names."""
    if name is not None:
        return load(name, limit=limit)
    card = model.with_suffix(".json")
    if not card.is_file():
        raise ValueError(f"no card beside {model} names its data set: add --data, such as --data mnist")
    settings = DEFAULTS | json.loads(card.read_text())["settings"]
    return Recipe("", "", **settings).but(limit=limit).load()


STUDIES = {
    "synthetic": "cvae.experiments.studies.synthetic",
    "oversampling": "cvae.experiments.studies.imbalance",
    "oversampling-settings": "cvae.experiments.studies.tuning",
    "samples": "cvae.experiments.studies.samples",
}
COMMANDS = {
    "list": run_list,
    "train": run_train,
    "reproduce": run_reproduce,
    "table": run_table,
    "sample": run_sample,
    "explore": run_explore,
}

if __name__ == "__main__":
    sys.exit(main())
