"""The source of a helper, in place: nothing that the notebooks call is hidden."""

import inspect


class Source:
    """The source text of a function or class: folded, and highlighted by whatever shows the notebook."""

    def __init__(self, thing):
        self.name = f"{thing.__module__}.{thing.__qualname__}"
        self.text = inspect.getsource(thing)

    def _repr_markdown_(self):
        summary = f"<summary>Source of <code>{self.name}</code></summary>"
        return f"<details>{summary}\n\n```python\n{self.text}```\n\n</details>"

    def __repr__(self):
        return f"source of {self.name}"


def peek(thing):
    """Show the source of a function or class of the package; put it on the last line of a cell."""
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        raise TypeError(f"peek: give a function or a class of the package, such as peek(losses.svm), got {thing!r}.")
    return Source(thing)
