"""A notebook made for the tests: one explorer of each sort, and one that fails on purpose."""

import json

SETUP = """
import numpy as np
from cs231n_helpers.plots.images import montage
from cs231n_helpers.widgets import Numbers, Points, Press, circuit, explore, log
rng = np.random.default_rng(0)
"""

LINE = '''
x = np.linspace(0, 10, 400)

def waves(ax, frequency=3, height=1.0, damping=1e-2, shape="sine", dashed=False):
    """A wave whose frequency, height and damping are set with sliders."""
    [line] = ax.plot(x, np.zeros(400), lw=2)
    title = ax.set_title(" ")
    ax.set(ylim=(-3, 3), xlabel="time in seconds", ylabel="height")

    def update(frequency, height, damping, shape, dashed):
        y = np.sin(frequency * x) if shape == "sine" else np.sign(np.sin(frequency * x))
        line.set_data(x, height * y * np.exp(-damping * x))
        line.set_linestyle("--" if dashed else "-")
        title.set_text(f"{shape}: frequency {frequency}, height {height:.2f}, damping {damping:.1e}")
        return [line, title]

    update(frequency, height, damping, shape, dashed)
    return update

explore(waves, play="frequency", frequency=(1, 25), height=(0.1, 3.0), damping=log(1e-4, 1e1),
        shape=["sine", "square", "some other"], dashed=False)
'''

MONTAGE = '''
pool = rng.integers(0, 255, (25, 40, 28, 28), dtype=np.uint8)

def tiles(ax, step=0, brightness=1.0, seed=0):
    """Forty images that change with the step."""
    draw = montage(ax, pool[0], 10)
    title = ax.set_title(" ")

    def update(step, brightness, seed):
        title.set_text(f"step {step}, seed {seed}")
        return [*draw(images=np.clip(np.roll(pool[step], seed, 0) / 255 * brightness, 0, 1)), title]

    update(step, brightness, seed)
    return update

explore(tiles, figsize=(8, 4), step=(0, 24), brightness=(0.0, 2.0, 0.1), seed=Press("New images"))
'''

POINTS = '''
P = np.array([[0.2, 0.2], [0.8, 0.3], [0.5, 0.8], [0.3, 0.6]])
grid = np.stack(np.meshgrid(np.linspace(0, 1, 120), np.linspace(0, 1, 120)), -1)

def regions(ax, points=P, k=1):
    """Each place of the square takes the colour of its nearest point."""
    image = ax.imshow(np.zeros((120, 120)), extent=(0, 1, 0, 1), origin="lower", vmin=0, vmax=3, alpha=0.5)
    dots = ax.scatter(*points.T, c="black", zorder=5)

    def update(points, k):
        away = ((grid[:, :, None] - points) ** 2).sum(-1)
        image.set_data(np.argsort(away, -1)[..., k - 1])
        dots.set_offsets(points)
        return [image, dots]

    update(points, k)
    return update

explore(regions, figsize=(6, 6), points=Points(P), k=(1, 4))
'''

NUMBERS = '''
W0 = np.array([[1.0, -1.0, 0.5], [0.2, 0.3, -2.0]])

def bars(ax, W=W0, scale=1.0):
    """Six weights as bars."""
    rectangles = ax.bar(range(6), W.ravel())
    ax.set_ylim(-6, 6)

    def update(W, scale):
        for rectangle, height in zip(rectangles, W.ravel() * scale):
            rectangle.set_height(height)
        return list(rectangles)

    return update

explore(bars, W=Numbers(W0, -5, 5), scale=(0.1, 2.0))
'''

FAULTY = '''
def faulty(ax, k=2):
    """A line that cannot be drawn for k = 5."""
    [line] = ax.plot([0, 1], [0, k])
    ax.set_ylim(0, 10)

    def update(k):
        if k == 5:
            raise ValueError("<b>five</b> & nothing else is refused")
        line.set_data([0, 1], [0, k])
        return [line]

    return update

explore(faulty, figsize=(6, 3), k=(0, 10))
'''

CIRCUIT = 'circuit("f = (x + y) * z", x=-2, y=5, z=-4)'

CELLS = {"setup": SETUP, "line": LINE, "montage": MONTAGE, "points": POINTS, "numbers": NUMBERS, "faulty": FAULTY,
         "circuit": CIRCUIT}  # fmt: skip


def write(file, sources=CELLS):
    """Write a notebook of code cells: {id: source}, this file's unless others are given."""
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**empty, "id": name, "source": source.strip()} for name, source in sources.items()]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(book), encoding="utf-8")
