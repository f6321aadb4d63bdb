"""The results of a study in one JSON file: what they have in common, and a row for each."""

import json
from pathlib import Path

from cvae.utils.files import whole


def read(path: str | Path, protocol: dict, fields: tuple[str, ...]) -> dict[tuple, dict]:
    """The rows of a file, by the values of `fields`; none without a file, or of another protocol.

    Args:
        path: of the file.
        protocol: settings that all rows share, for `json`.
        fields: the names that tell one row from the next.

    Raises:
        ValueError: a file that is no journal.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
        if found["protocol"] != json.loads(json.dumps(protocol)):
            return {}
        return {tuple(row.pop(field) for field in fields): row for row in found["rows"]}
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} does not hold a study's results: move it away, or restore it"
        ) from error


def write(path: str | Path, protocol: dict, fields: tuple[str, ...], known: dict[tuple, dict]) -> None:
    """Write such a file, whole or not at all."""
    rows = [dict(zip(fields, key, strict=True)) | result for key, result in known.items()]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(row) for row in rows)
    with whole(path) as temporary:
        Path(temporary).write_text(f'{{"protocol": {json.dumps(protocol)},\n"rows": [\n{lines}\n]}}\n')
