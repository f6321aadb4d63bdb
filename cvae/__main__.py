"""python -m cvae: train the recipes, compare with the reports, draw samples; without a notebook."""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

from cvae.build import load_vae
from cvae.datasets.base import ImageDataset
from cvae.datasets.tfds import load
from cvae.experiments import catalogue, distributed, storage, training
from cvae.experiments.recipe import make_recipe
from cvae.utils.files import atomic_write, check_writable
from cvae.vae import ConditionalVAE
from cvae.visualization import plots
from cvae.visualization.page import write_page

# Imported by name, when asked for: imbalanced-learn takes a second.
STUDIES = {
    "synthetic": "cvae.experiments.studies.synthetic",
    "oversampling": "cvae.experiments.studies.imbalance",
    "oversampling-settings": "cvae.experiments.studies.tuning",
    "samples": "cvae.experiments.studies.samples",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit status is 0, 2 for an error and 130 where it was interrupted."""
    options = make_parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # `list | head`: who read has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    # What the package raises for a wrong argument or file: its message says what to do.
    except (ValueError, TypeError, OSError, FloatingPointError, RuntimeError) as error:
        print(f"python -m cvae {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last whole epoch", file=sys.stderr)
        return 130
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cvae",
        description="Train variational autoencoders (VAEs) from recipes, and draw samples from them.",
        epilog="Start with: python -m cvae list",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (add_list, add_train, add_reproduce, add_table, add_sample, add_explore):
        add(commands)
    return parser


def add_list(commands):
    command = commands.add_parser("list", help="show the recipes: what each trains, and on what")
    command.set_defaults(run=run_list)


def run_list(options):
    width = max(map(len, catalogue.RECIPES))
    print(f"{'recipe':{width}} {'epochs':>6}  {'report':8} what it trains")
    for recipe in catalogue.RECIPES.values():
        epochs, report = recipe.settings.epochs, recipe.report or "ours"
        print(f"{recipe.name:{width}} {epochs:6}  {report:8} {recipe.about}")


def add_train(commands):
    command = commands.add_parser(
        "train",
        help="train one recipe and save the model",
        description="Train one recipe. Interrupted with Ctrl-C or killed, the same command goes on "
        "after the last whole epoch.",
    )
    command.add_argument("recipe", help="its name, as 'list' shows it")
    command.add_argument("--out", metavar="MODEL.keras", help="where to save (default: under runs/)")
    command.add_argument("--epochs", type=int, help="passes over the images (default: the recipe's)")
    command.add_argument("--limit", type=int, help="train on this many images only, for a quick look")
    command.add_argument(
        "--distribute", action="store_true",
        help="train on all GPUs, and on all machines that KERAS_DISTRIBUTION_... in the environment "
        "names; needs KERAS_BACKEND=jax, and starts again where it was interrupted",
    )  # fmt: skip
    command.set_defaults(run=run_train)


def run_train(options):
    recipe = catalogue.find(options.recipe)
    for name in ("epochs", "limit"):
        value = getattr(options, name)
        if value is not None:
            if value < 1:
                raise ValueError(f"--{name} must be at least 1, got {value}")
            recipe = recipe.replace(**{name: value})
    if options.out and Path(options.out).exists() and not storage.is_of(recipe, Path(options.out)):
        raise ValueError(
            f"{options.out} exists, and is no training with these settings: move it away, or give "
            "another --out"
        )
    # Without --out: where `load_or_train` looks.
    out = options.out or storage.run_path(recipe, *recipe.settings.source())
    if options.distribute:
        out = distributed.train(recipe, out)
    else:
        training.train(recipe, out)
    if out is not None:  # only one of several processes saves
        print(f"saved {out}\nnext: python -m cvae sample {out} --out grid.png")


def add_reproduce(commands):
    command = commands.add_parser(
        "reproduce",
        help="train what has no result yet, and record it",
        description="Train the recipes that have no result in data/results yet, one after the other. "
        "Interrupted or killed, the same command goes on where it was.",
    )
    command.add_argument(
        "recipes", nargs="*", metavar="RECIPE",
        help="their names (default: all recipes, no study); 'synthetic', 'oversampling-settings' and "
        "'oversampling' are the studies of notebook 07, 'samples' scores the committed models",
    )  # fmt: skip
    command.set_defaults(run=run_reproduce)


def run_reproduce(options):
    names = [name for name in options.recipes if name not in STUDIES]
    if names or not options.recipes:
        for path in training.reproduce(names or None):
            print(f"recorded {path}")
    for name in options.recipes:
        if name in STUDIES:
            print(f"recorded {importlib.import_module(STUDIES[name]).STUDY.reproduce()}")


def add_table(commands):
    command = commands.add_parser(
        "table",
        help="every recorded number, with its passport",
        description="Print RESULTS.md, made from the files in data/results: what the reports publish "
        "beside what we measured, likelihoods beside those of papers, the scores of samples, and for "
        "each number its uncertainty, the images that its settings were chosen on, and its cost.",
    )
    command.add_argument("--out", metavar="TABLE.md", help="a file to write it to as well")
    command.set_defaults(run=run_table)


def run_table(options):
    from cvae.experiments import results

    if options.out:
        check_writable(options.out)
    text = results.markdown()
    print(text, end="")
    if options.out:
        with atomic_write(options.out) as temporary:
            Path(temporary).write_text(text)


def add_sample(commands):
    command = commands.add_parser(
        "sample",
        help="draw images from a trained model",
        description="Draw new images from a trained model and save them as one picture.",
    )
    command.add_argument("model", metavar="MODEL.keras", help="a file that 'train' saved")
    command.add_argument("--out", required=True, metavar="GRID.png", help="the picture to write")
    command.add_argument("-n", type=int, default=64, help="how many images (default: 64)")
    command.add_argument("--seed", type=int, default=0, help="another seed draws others (default: 0)")
    command.add_argument("--label", type=int, help="the class to draw, for a conditional model")
    command.set_defaults(run=run_sample)


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


def add_explore(commands):
    command = commands.add_parser(
        "explore",
        help="write a web page to play with a latent space",
        description="Write one web page, which needs no network and no server: drag a point over the "
        "latent space, and see it decoded.",
    )
    command.add_argument("model", metavar="MODEL.keras", help="a file that 'train' saved")
    command.add_argument("--out", required=True, metavar="PAGE.html", help="the page to write")
    command.add_argument("--data", help="whose images are the dots (default: what it was trained on)")
    command.add_argument("--points", type=int, default=3000, help="how many dots (default: 3000)")
    command.add_argument("--title", help="of the page")
    command.set_defaults(run=run_explore)


def run_explore(options):
    if options.points < 1:
        raise ValueError(f"--points must be at least 1, got {options.points}")
    vae = load_vae(options.model)
    data = data_of(Path(options.model), vae.image_shape, options.data, options.points)
    title = options.title or f"The latent space of {Path(options.model).stem}"
    print(f"saved {write_page(options.out, vae, data.x_train, data.y_train, data.class_names, title)}")


def data_of(model: Path, image_shape, name: str | None, limit: int) -> ImageDataset:
    """The data set of that name in the model's shape, or the one that a model's card names."""
    if name is not None:
        height, width, channels = image_shape
        size = height if height == width else None
        return load(name, limit=limit, size=size, grayscale=channels == 1)
    card = model.with_suffix(".json")
    if not card.is_file():
        raise ValueError(f"no card beside {model} names its data set: add --data, such as --data mnist")
    recipe = make_recipe("", "", **json.loads(card.read_text())["settings"])
    return recipe.replace(limit=limit).settings.load()


if __name__ == "__main__":
    sys.exit(main())
