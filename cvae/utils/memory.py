"""What TensorFlow keeps of every model that was ever trained in a process, let go."""

import contextlib
import sys


def forget_traces() -> None:
    """Drop the gradients that TensorFlow registers for the optimizer's sum over replicas, and kernels.

    Each time `fit` traces a training step, TensorFlow 2.21 puts a function into a registry that lives as
    long as the process, and with it the whole graph of the step, some 10 MB a model; and its cache of
    kernels, which is never emptied, keeps the step itself, 1 MB. Once the step is traced nobody asks for
    the first again, and the second is made anew. Nothing happens on other backends.
    """
    framework = sys.modules.get("tensorflow.python.framework.ops")
    if framework is None:
        return
    sys.modules["tensorflow.python.eager.context"].context().clear_kernel_cache()
    known = framework.gradient_registry._registry
    for name in [name for name in known if name.startswith("CustomGradient-")]:
        if "distribute_lib" in modules_of(known[name]["type"]):
            del known[name]


def modules_of(function, depth: int = 4) -> str:
    """The modules of a function and of those that it closes over."""
    names = getattr(function, "__module__", None) or ""
    for inner in closed_over(function):
        if depth and callable(inner):
            names += " " + modules_of(inner, depth - 1)
    return names


def closed_over(function) -> list:
    found = []
    for cell in getattr(function, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # a cell that is empty still
            found.append(cell.cell_contents)
    return found
