"""The one error of typed circuits: it knows the place in the text, and shows it."""

WIDEST = 90             # characters of a line that are shown


class ExpressionError(ValueError):
    """A typed circuit cannot be read, or has no value at these inputs.

    start, end: the place, text[start:end]; sentence: what is wrong there. The message shows the line, the place marked.
    """

    def __init__(self, sentence, text, start, end, where="parse"):
        self.sentence, self.text = sentence, text
        self.start, self.end = start, max(end, start)
        heading = "the text cannot be read" if where == "parse" else "the circuit cannot be worked out at these inputs"
        super().__init__(f"{where}: {heading}.\n{_marked(text, start, max(end, start), sentence)}")


def _marked(text, start, end, sentence):
    """The line of a text that holds start, and under it carets from start to end, followed by the sentence."""
    flat = "".join("\n" if c in "\r\n" else c if c.isprintable() else " " for c in text)    # one column per character
    first = flat.rfind("\n", 0, start) + 1
    last = flat.find("\n", start)
    last = len(flat) if last < 0 else last
    first, cut = (start - 30, "…") if start - first > WIDEST - 30 else (first, "")
    shown = flat[first:min(last, first + WIDEST)]
    column = start - first + len(cut)
    width = max(1, min(end - start, len(cut) + len(shown) - column))
    return f"    {cut}{shown}\n    {' ' * column}{'^' * width} {sentence}"
