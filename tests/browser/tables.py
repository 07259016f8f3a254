"""Tables of what was measured, in Markdown."""


def table(head, rows):
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_text(cell) for cell in line) + " |\n" for line in lines)


def write_table(file, head, rows):
    """Write a Markdown table to a file."""
    file.write_text(table(head, rows), encoding="utf-8")


def _text(cell):
    return f"{cell:.4g}" if isinstance(cell, float) else "-" if cell is None else str(cell)
