"""Switches that a reader sets in the environment, such as CVAE_OFFLINE=1."""

import os

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
NOT_OURS = ("CI",)  # set by the service that runs the tests, by some to their own name


def flag(name: str, also: tuple[str, ...] = ()) -> bool | str:
    """Whether an environment variable says yes; not set, or set to nothing, is no.

    Args:
        name: the variable, such as "CVAE_RETRAIN". Its value is taken in any case.
        also: other words that it may be; they are given back as they stand here.

    Raises:
        ValueError: another word: to take it for yes or for no would be a guess. Only in CI, which others
            set, any word that is not a no is a yes.

    >>> flag("CVAE_NEVER_SET")
    False
    """
    value = os.environ.get(name, "").strip().lower()
    if value in also:
        return value
    if value in YES or value in NO or name in NOT_OURS:
        return value not in NO
    raise ValueError(
        f"the environment variable {name} must be {', '.join((*YES, *also))} or {', '.join(NO[:-1])}, "
        f"in any case; got {os.environ[name]!r}"
    )
