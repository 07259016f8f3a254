"""A button that takes one file from the learner's computer."""

import ipywidgets as ipw

from cs231n_helpers.data.photograph import LARGEST

ELSEWHERE = 9  # MB: where nobody told Jupyter's server otherwise, it drops the connection over a message of 10


class Upload(ipw.VBox):
    """A button, and beside it what it takes. `take(name, content)` is called with each file that is chosen.

    The button forgets the file as soon as it was passed on, so that it is never saved with the state of the page, and
    the same file can be chosen again.
    """

    def __init__(self, take):
        self.take = take
        self.button = ipw.FileUpload(accept=".jpg,.jpeg,.png", multiple=False, description="Your photograph",
                                     tooltip="Choose a JPEG or PNG from your computer",
                                     layout=ipw.Layout(width="200px", flex="0 0 auto"))  # fmt: skip
        self.button.observe(self._chosen, "value")
        self.button.add_class("cs231n-upload")
        note = ipw.HTML(f"JPEG or PNG up to {LARGEST // 10**6} MB ({ELSEWHERE} MB without <code>make lab</code>); for "
                        "your own kernel alone, and not saved.")
        super().__init__([ipw.HBox([self.button, note])])

    def _chosen(self, change):
        chosen = change["new"]
        if not chosen:
            return
        files = [(str(file["name"]), bytes(file["content"])) for file in chosen]
        self.button.value = ()
        for name, content in files:
            self.take(name, content)
