"""Saving, loading and exporting a model whole: networks, frozen parts, the state of its noise."""

from pathlib import Path
from typing import Any

import keras
from keras import ops

from cvae.networks.base import Portable

PARTS = ("encoder", "decoder", "likelihood")  # of a config, objects of their own


class PortableModel(Portable):
    """A model with a `keras.random.SeedGenerator` in `noise`, made of `PARTS`."""

    # Keras would not save the state of the noise.

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["noise"] = ops.convert_to_numpy(self.noise.state)

    def load_own_variables(self, store):
        own = {name: store[name] for name in store.keys()}  # noqa: SIM118  a store is no dict
        self.noise.state.assign(own.pop("noise"))
        if "beta" in own:  # a file of before free_bits was a variable
            self.beta = float(own["beta"][()])
        else:
            super().load_own_variables(own)

    @classmethod
    def from_config(cls, config):
        parts = {
            part: keras.saving.deserialize_keras_object(config[part]) for part in PARTS if part in config
        }
        return super().from_config(config | parts)

    def compile_from_config(self, config):
        """As Keras has it for models that do not override `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def export(self, filepath: str | Path, *args, **options) -> Any:
        """As `keras.Model.export`, for other programs to run: a SavedModel, or what Keras offers more.

        What is exported draws nothing: z is z_mean, so that the same image gives the same numbers.
        Images go in as float32 in [0, 1], labels as int32; z_mean, z_log_var and the likelihood's
        parameters come out.
        """
        inputs = keras.tree.map_structure(
            lambda tensor: keras.Input(tensor.shape[1:], dtype=tensor.dtype), self.symbolic_inputs()
        )
        z_mean, z_log_var = self.encode_batch(inputs)
        parameters = self.decode_batch(z_mean, inputs)
        outputs = {"z_mean": z_mean, "z_log_var": z_log_var, "parameters": parameters}
        return keras.Model(inputs, outputs).export(filepath, *args, **options)
