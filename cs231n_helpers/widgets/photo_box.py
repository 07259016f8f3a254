"""`PhotoBox`: a photograph of the learner's own, and what a network says of it."""

import numpy as np

from cs231n_helpers import data
from cs231n_helpers.checks import DataError
from cs231n_helpers.plots.looking import guesses, view

from . import quiet
from .explorer import Explorer
from .lifetime import replace
from .upload import Upload

YOURS = "yours"
SHOWN = 220  # pixels of a side, more or less, that the whole photograph is drawn with


class PhotoBox(Explorer):
    """A photograph on the left, the square of it that the network is given in a frame, and on the right what it says.

    Parameters
    ----------
    look : function of a picture (side, side, 3), float32 from 0 to 1, to [(name, probability), ...]
    photographs : {name: (H, W, 3) uint8} to begin with; data.photographs() unless given
    side : pixels of the square that `look` is given
    start : the name of the photograph to begin with; the first one unless given

    A file that is uploaded joins the menu under the name "yours" (`photographs["yours"]`, until the next one). It is
    kept in the kernel's memory alone: not in the notebook, not on the disk. `picture_given` is what `look` saw last.
    """

    def __init__(self, look, photographs=None, side=128, start=None):
        self._look, self._side = look, side
        self.photographs = dict(data.photographs() if photographs is None else photographs)
        first = start or next(iter(self.photographs))
        controls = {
            "photo": quiet.Dropdown(options=list(self.photographs), value=first, description="photo"),
            "zoom": quiet.FloatSlider(1.25, min=1.0, max=4.0, step=0.25, description="zoom"),
            "across": quiet.FloatSlider(0.5, min=0.0, max=1.0, step=0.05, description="across"),
            "down": quiet.FloatSlider(0.5, min=0.0, max=1.0, step=0.05, description="down"),
        }
        super().__init__(self._drawing(), controls, (1, 3), (9, 3.2), None)
        self.upload = Upload(self.take)
        self.children = (self.upload, *self.children)
        replace(self)

    def take(self, name, content):
        """Show the uploaded file `content` (bytes), or say in a sentence why it cannot be shown."""
        try:
            self.photographs[YOURS] = data.read_photograph(content, name=name)
        except DataError as problem:
            self._say(str(problem))
            return
        menu = self.controls["photo"]
        if YOURS not in menu.options:
            self._paused = True
            menu.options = [*menu.options, YOURS]       # keeps what is chosen
            self._paused = False
        self.set(photo=YOURS, zoom=1.0, across=0.5, down=0.5)

    def _drawing(self):
        def draw(axes, **values):
            whole, given, say = view(axes[0]), view(axes[1]), guesses(axes[2])

            def update(photo, zoom, across, down):
                pixels = self.photographs[photo]
                x = data.square(pixels, self._side, zoom, across, down)
                found = self._look(x)
                self.picture_given = x
                fitted, frame = on_a_square(pixels, zoom, across, down)
                return [*whole(fitted, "the photograph", frame),
                        *given(x, f"given: {self._side} x {self._side} pixels"), *say(found, "what it says")]

            update(**values)
            return update

        draw.__doc__ = ("Left: a photograph, and a frame around the square that is cut out. Middle: that square, in as "
                        "many pixels as the network takes. Right: the five likeliest classes, with a bar for the "
                        "probability of each.")  # fmt: skip
        return draw

    def _complaint(self, problem, values):
        return str(problem) if isinstance(problem, DataError) else super()._complaint(problem, values)


def on_a_square(photo, zoom, across, down):
    """The whole photograph on a white square, and the frame of `data.square` on it, in shares of its sides.

    A large one is reduced by a whole factor: each pixel the mean of a block.
    """
    H, W = photo.shape[:2]
    side, width = max(H, W), min(H, W) / zoom
    top, left = (side - H) // 2, (side - W) // 2
    ground = np.full((side, side, 3), 255, np.uint8)
    ground[top:top + H, left:left + W] = photo
    frame = (top + down * (H - width)) / side, (left + across * (W - width)) / side, width / side, width / side
    k = max(1, round(side / SHOWN))
    blocks = ground[:side // k * k, :side // k * k].reshape(side // k, k, side // k, k, 3)
    return blocks.mean(axis=(1, 3)).astype(np.uint8) if k > 1 else ground, frame
