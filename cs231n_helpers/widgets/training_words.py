"""What a training panel says: settings, progress, verdict, pinned runs."""

import html

import numpy as np

from cs231n_helpers.plots.runs import PIN_COLOURS

SHORT = {"learning_rate": "lr"}
COLOURS = {"good": "#0072B2", "too early": "#6B7280"}  # of verdicts; all others are warnings


def listed(values):
    """Return settings in one line: "hidden 100, lr 0.1"."""
    return ", ".join(f"{SHORT.get(name, name.replace('_', ' '))} " + (f"{value:.3g}" if isinstance(value, float) else
                     f"{value}") for name, value in values.items())  # fmt: skip


def progress(runner, session):
    """Return the part of the run that is over, and a line about it."""
    taken, total = session.taken, session.total
    state = "ended by itself" if session.history.last.stopped else runner.state
    text = f"{state if runner.session else 'warm-up'}: step {taken:,} of {total:,}"
    if runner.state == "running" and runner.taken:
        left = runner.seconds / runner.taken * (total - taken)
        text += f", {left:.0f} s left" if left < 90 else f", {left / 60:.0f} min left"
    seconds, size = session.cost_of_augment
    if size:
        text += f"; augmenting a batch takes {size / 1e6:.2f} MB and {seconds * 1e3:.1f} ms"
    return taken / total if total else 0.0, text


def verdict_html(kind, sentence, live):
    """Return a verdict for the page; `live` ("polite", "off"): whether it is read aloud when it changes."""
    colour = COLOURS.get(kind, "#B34700")
    return (f'<div class="cs231n-verdict" role="status" aria-live="{live}" style="line-height:1.35">'
            f'<b style="color:{colour}">{kind}</b> &nbsp; {html.escape(sentence)}</div>')  # fmt: skip


def pin_html(number, pin):
    """Return the line about a pinned run."""
    known = pin["accuracy"][np.isfinite(pin["accuracy"])]
    best = f", best validation accuracy {known.max():.1%}" if len(known) else ""
    return (f'<div class="cs231n-pin" style="line-height:1.3"><span style="color:{PIN_COLOURS[number]}">&#9632;</span> '
            f"pinned: {html.escape(pin['name'])}{best}</div>")  # fmt: skip
