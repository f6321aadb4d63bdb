"""Tables as text."""

import pandas as pd


def markdown(table: pd.DataFrame, aligned: bool = False) -> str:
    """A data frame of text as a Markdown table; aligned, it lines up in a terminal too."""
    lines = [list(table.columns), *table.to_numpy().tolist()]
    widths = [max(map(len, column)) if aligned else 0 for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * (width or 3) for width in widths])
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in padded)
