"""Bars: scores and what a loss makes of them, probabilities, weights and penalties."""

import numpy as np

from .style import CLASS_COLOURS, INK, MUTED, RIGHT, WRONG, headline, soft, style


def hinge(ax, names, limits=(-30, 20)):
    """A bar per class up to its score, the line at s_y - delta, and hatched what stands above it: the hinge terms.

    Bars begin at the lower edge, as only differences of scores matter. Returns update(scores, true, delta, terms):
    `scores` and `terms` (C,), `true` the index of the right class.
    """
    count, height = len(names), limits[1] - limits[0]
    _columns(ax, names, limits, "score").set_xlim(-0.6, count + 0.1)
    bars = ax.bar(range(count), np.ones(count), bottom=limits[0], width=0.62)
    excess = ax.bar(range(count), np.ones(count), width=0.62, color=soft(WRONG, 0.45), ec=WRONG, hatch="///")
    (line,) = ax.plot([-0.6, count + 0.1], [0, 0], color=INK, ls="--", lw=1.6)
    label, values, head = _text(ax, count + 0.08, 0, ha="right"), _texts(ax, count), headline(ax)
    label.set_text("true score\n" + r"$-\ \Delta$")

    def update(scores, true, delta, terms):
        border = scores[true] - delta
        line.set_ydata([border, border])
        label.set_y(border + height * 0.055)
        for j, (bar, over, text) in enumerate(zip(bars, excess, values, strict=True)):
            bar.set(height=scores[j] - limits[0], facecolor=RIGHT if j == true else soft(MUTED, 0.55))
            over.set(y=border, height=terms[j], visible=bool(terms[j] > 0))
            words = f"{scores[j]:.4g}\ntrue class" if j == true else f"{scores[j]:.4g}\npays {terms[j]:.3g}"
            text.set(y=max(scores[j], limits[0]) + height * 0.07, text=words, color=WRONG if terms[j] > 0 else INK)
        paid = " + ".join(f"{term:.3g}" for j, term in enumerate(terms) if j != true)
        head.set_text(f"SVM loss = {paid} = {terms.sum():.4g}")
        return [*bars, *excess, line, label, *values, head]

    return update


def probabilities(ax, names):
    """A bar per class with its probability; the title gives the softmax loss of the true class.

    Returns update(probabilities (C,), true, loss).
    """
    _columns(ax, names, (0, 1.12), "probability")
    bars = ax.bar(range(len(names)), np.ones(len(names)), width=0.62)
    values, head = _texts(ax, len(names)), headline(ax)

    def update(probabilities, true, loss):
        for j, (bar, text) in enumerate(zip(bars, values, strict=True)):
            bar.set(height=probabilities[j], facecolor=RIGHT if j == true else soft(MUTED, 0.55))
            text.set(y=probabilities[j] + 0.04, text=f"{probabilities[j]:.2f}")
        head.set_text(rf"softmax loss = $-\ln$ {probabilities[true]:.3g} = {loss:.3g}")
        return [*bars, *values, head]

    return update


def weights(ax, count):
    """The entries of one weight vector as bars. Returns update(weights (count,), title)."""
    _columns(ax, range(count), (-0.1, 1.2), "weight").set_xlabel("pixel", fontsize=10, color=INK)
    bars = ax.bar(range(count), np.ones(count), width=0.6, color=RIGHT)
    values, head = _texts(ax, count), headline(ax)

    def update(weights, title):
        for bar, text, weight in zip(bars, values, weights, strict=True):
            bar.set_height(weight)
            text.set(y=weight + 0.06, text=f"{weight:.3g}")
        head.set_text(title)
        return [*bars, *values, head]

    return update


def stacked(ax, names, limit, title="loss = data loss + penalty"):
    """Two stacked parts per bar: the data loss and the penalty. Returns update(data_loss, penalties), both (K,)."""
    count = len(names)
    _columns(ax, names, (0, limit), "loss").set_title(title, loc="left", fontsize=11, color=INK)
    low = ax.bar(range(count), np.ones(count), width=0.6, color=soft(MUTED, 0.5), label="data loss")
    high = ax.bar(range(count), np.ones(count), width=0.6, color=soft(WRONG, 0.3), ec=WRONG, hatch="///")
    high.set_label("penalty")
    values = _texts(ax, count)
    ax.legend(frameon=False, fontsize=9, loc="upper right", ncols=2)

    def update(data_loss, penalties):
        for lower, upper, text, loss, penalty in zip(low, high, values, data_loss, penalties, strict=True):
            lower.set_height(loss)
            upper.set(y=loss, height=penalty)
            text.set(y=loss + penalty + limit * 0.04, text=f"{loss + penalty:.3f}")
        return [*low, *high, *values]

    return update


def named(ax, names, limits, ylabel, line=None):
    """A bar per name with its value above, and a dashed line such as chance. Returns update(values, title)."""
    _columns(ax, names, limits, ylabel)
    bars = ax.bar(range(len(names)), np.ones(len(names)), width=0.6, color=CLASS_COLOURS[: len(names)])
    if line is not None:
        ax.axhline(line, color=MUTED, ls="--", lw=1.2)
    texts, head = _texts(ax, len(names)), headline(ax)
    gap = 0.05 * (limits[1] - limits[0])

    def update(values, title=""):
        for bar, text, value in zip(bars, texts, values, strict=True):
            bar.set_height(value)
            text.set(y=value + (gap if value >= 0 else -gap), text=f"{value:.2f}".replace("-", "\N{MINUS SIGN}"))
        head.set_text(title)
        return [*bars, *texts, head]

    return update


def _columns(ax, names, limits, ylabel):
    """An axis with room for one column per name."""
    style(ax, "", "", ylabel).set(xlim=(-0.6, len(names) - 0.4), ylim=limits)
    ax.set_xticks(range(len(names)), names)
    if limits[0] < 0:
        ax.axhline(0, color=MUTED, lw=0.8)
    return ax


def _texts(ax, count):
    return [_text(ax, i, 0, fontsize=10) for i in range(count)]


def _text(ax, x, y, words="", ha="center", fontsize=9):
    ground = {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 1}
    return ax.text(x, y, words, ha=ha, va="center", fontsize=fontsize, color=INK, in_layout=False, zorder=4,
                   bbox=ground)  # fmt: skip
