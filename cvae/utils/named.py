"""Objects that an argument may name: a likelihood, a prior. They are stored as their settings."""

from typing import Any


class Named:
    """What Keras needs to store an object without settings of its own."""

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def from_name(what: str, given: Any, kind: type, known: dict[str, type], example: str = "") -> Any:
    """Return the object that is given, or make the one that is named.

    Args:
        what: the argument's name, for messages.
        given: an instance of `kind`, or one of the names in `known`.
        example: of an instance, for messages.

    Raises:
        ValueError: an unknown name.
        TypeError: neither an instance nor a name.
    """
    if isinstance(given, kind):
        return given
    names = ", ".join(known)
    if not isinstance(given, str):
        instance = f"an instance such as {example}" if example else "an instance"
        raise TypeError(f"{what} must be one of {names}, or {instance}; got {given!r}")
    if given not in known:
        raise ValueError(f"unknown {what} {given!r}: expected one of {names}")
    return known[given]()
