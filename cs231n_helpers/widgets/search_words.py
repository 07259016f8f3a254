"""What a search board says: progress, the leaders, what the borders tell, and what happened to workers."""

import html

from .training_words import verdict_html

ENDS = {"low": "lower", "high": "upper"}
ENOUGH = 8  # trials with a score from which a place inside of all ranges says something


def short(value):
    """Return a value of a setting in few letters."""
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def progress(state, record, total):
    """Return the part of the search that is over, and a line about it."""
    taken, under_way = len(record), len(record.results.running)
    text = f"{'warm-up' if state == 'ready' else state}: {taken} of {total} trials"
    if state == "running":
        text += f", {under_way} under way" if under_way else ""
        if taken:
            left = record.now / taken * (total - taken)
            text += f", {left:.0f} s left" if left < 90 else f", {left / 60:.0f} min left"
    return min(taken / max(total, 1), 1.0), text


def verdict(record, written):
    """Return (kind, sentence); `written` turns a score into words."""
    best, ended = record.best, sum(kind != "failed" for kind in record.kinds)
    if best is None:
        return "too early", "No trial has a score yet."
    if crowded := record.border:
        sides = " and ".join(f"the {ENDS[end]} end of {name}" for name, end in crowded.items())
        them = "it" if len(crowded) == 1 else "them"
        return "at the border", f"The best trials crowd at {sides}: widen {them}, or you may miss something better."
    trial = record.trials[best]
    values = ", ".join(f"{name} {short(value)}" for name, value in trial.values.items())
    found = f"Trial {trial.number} leads with {written(trial.score)}: {values}."
    if ended < ENOUGH:
        return "too early", f"{found} Few have ended yet."
    return "good", f"{found} It lies inside of every range."


def said_html(record, written, live):
    """Return the verdict and below it what happened to workers and trials, for the page."""
    news = [*record.results.notices[-2:], *(f"Trial {t.number}: {t.reason}" for t in record.trials if not t.ok)][-3:]
    lines = "".join(f'<div class="cs231n-news" style="line-height:1.3;color:#8A4B00">{html.escape(line[:240])}</div>'
                    for line in news)  # fmt: skip
    return verdict_html(*verdict(record, written), live) + lines


def leaders(record, names, written, most=5):
    """Return (head, rows) of the table of the best trials, in words."""
    head = ["", "score", *(name.replace("_", " ") for name in names)]
    ranked = [trial for trial in record.results.ranked() if trial.ok][:most]
    rows = [[f"{rank}.", written(trial.score), *(short(trial.values[name]) for name in names)]
            for rank, trial in enumerate(ranked, 1)]  # fmt: skip
    return head, rows
