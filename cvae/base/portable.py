"""Saving, loading and exporting a model whole: networks, frozen parts, the state of its noise."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from cvae.networks.base import Portable
from cvae.utils.checks import check_each_not_negative, check_not_negative

PARTS = ("encoder", "decoder", "likelihood", "prior")  # of a config, objects of their own


def changeable(name: str) -> property:
    """An attribute that may be set while the model is trained, to a number or to one for each term of
    the KL where the model has them apart: the variable `_name`."""

    def change(self, value: float | Sequence[float]) -> None:
        variable = getattr(self, f"_{name}")
        variable.assign(check_setting(name, value, variable.shape))

    return property(lambda self: getattr(self, f"_{name}"), change)


def check_setting(name: str, value: float | Sequence[float], shape: tuple[int, ...]) -> np.ndarray:
    """Return a number of at least 0, or one for each of shape[0] layers, in this shape; or say what is
    wrong with it."""
    if isinstance(value, keras.Variable):  # as another model's setting is
        value = ops.convert_to_numpy(value)
    if not shape or np.ndim(value) == 0:
        return np.full(shape, check_not_negative(name, value), "float32")
    if np.shape(value) != tuple(shape):
        raise ValueError(
            f"{name} must be a number of at least 0, or one for each of {shape[0]} layers, top first; "
            f"got {value!r}"
        )
    return np.float32(check_each_not_negative(name, value))


class PortableModel(Portable):
    """A model with a `keras.random.SeedGenerator` in `noise`, made of `PARTS`."""

    # Keras would not save the state of the noise.

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["noise"] = ops.convert_to_numpy(self.noise.state)

    def load_own_variables(self, store):
        own = {name: store[name] for name in store.keys()}  # noqa: SIM118  a store is no dict
        self.noise.state.assign(own.pop("noise"))
        settings = [ops.convert_to_numpy(setting) for setting in self.settings()]
        if "beta" not in own:  # else a file of before free_bits was a variable
            super().load_own_variables(own)
        # Settings are not weights: those of a whole model come with its config.
        for setting, value in zip(self.settings(), settings, strict=True):
            setting.assign(value)

    def settings(self) -> list:
        """Variables that are changed by hand, not by training."""
        return []

    @property
    def weights(self):
        """As Keras has it, without settings: whoever puts back the best weights leaves beta alone."""
        settings = {id(setting) for setting in self.settings()}
        return [weight for weight in super().weights if id(weight) not in settings]

    def get_config(self):
        # Layers that a subclass made after the model was built: Keras loads nothing into layers that
        # are not built.
        later = [layer.get_build_config() if layer.built else None for layer in self.own_layers()]
        return super().get_config() | ({"own_layers": later} if any(later) else {})

    @classmethod
    def from_config(cls, config):
        parts = {
            part: keras.saving.deserialize_keras_object(config[part]) for part in PARTS if part in config
        }
        config = config | parts
        later = config.pop("own_layers", [])
        model = super().from_config(config)
        for layer, built in zip(model.own_layers(), later, strict=False):
            if built and not layer.built:
                layer.build_from_config(built)
        return model

    def parts(self) -> list:
        """What the constructor makes, or is given."""
        return [getattr(self, part) for part in PARTS]

    def own_layers(self) -> list[keras.layers.Layer]:
        """Layers beside those that the constructor makes."""
        return [layer for layer in self.layers if all(layer is not part for part in self.parts())]

    def compile_from_config(self, config):
        """As Keras has it for models that do not override `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def export(self, filepath: str | Path, *args, **options) -> Any:
        """As `keras.Model.export`, for other programs to run: a SavedModel, or what Keras offers more.

        What is exported draws nothing: z is the mean of q: the same image gives the same numbers.
        Images go in as float32 in [0, 1], labels as int32; what `call` gives comes out, of a VAE z_mean,
        z_log_var, z and the likelihood's parameters; of several layers of z each by itself, as z_1, z_2
        and so on, top first.
        """
        inputs = keras.tree.map_structure(
            lambda tensor: keras.Input(tensor.shape[1:], dtype=tensor.dtype), self.symbolic_inputs()
        )
        outputs = {}
        for name, value in self.draw(self.encode_batch(inputs), inputs, noise=None).items():
            if isinstance(value, list):  # which no signature of a SavedModel may hold
                outputs |= {f"{name}_{n}": part for n, part in enumerate(value, 1)}
            else:
                outputs[name] = value
        model = keras.Model(inputs, outputs)
        # Some of Keras's formats refuse a model that was never called.
        model(keras.tree.map_structure(lambda t: np.zeros((1, *t.shape[1:]), t.dtype), inputs))
        return model.export(filepath, *args, **options)
