"""What the instruments of a run say, in words: a diagnosis, and what to try.

All thresholds stand here. They are held by tests to runs that were made to be too slow, too fast, overfitting,
underfitting, dead, and good. Source of the signs: CS231n notes, Neural networks part 3, Babysitting the learning
process.
"""

import math

import numpy as np

KINDS = ("too early", "diverged", "dead units", "too fast", "overfitting", "too slow", "underfitting", "good")

EARLY = 30              # steps before which nothing is said, unless the run has blown up
BLOWN_UP = 1.5          # loss as a multiple of that at the start: far worse than knowing nothing ...
NOTHING = math.log(2)   # ... which costs this at least (two classes): a network that was trained before starts lower
DEAD = 0.4              # share of a layer's units that are off for every example
BOUNCE = 0.05           # the loss on the same examples climbs by this share of itself from one look to the next
GAP = 0.08              # training accuracy minus validation accuracy ...
RISE = 1.15             # ... or validation loss as a multiple of its lowest, with half of that gap
SLOW = 0.5              # the loss has lost less than this share of what it was at the start ...
STEADY = 0.15           # ... and the last third of the run did this share of it or more: there is no settling yet
LOW = 0.8               # training accuracy that is called low ...
PATIENT, STILL = 3, 0.02            # ... too slow, if after 3 epochs the loss still loses this share in a third
GAIN, SLOPE = 0.03, 0.05            # ... settled, if there accuracy won, and the loss lost, less than this
RULE_OF_THUMB = 1e-3    # a healthy update ratio


def signs(history):
    """The numbers a verdict is made of, by name; NaN where they cannot be told.

    start, now: loss on the first training examples, untrained and now. drop: what it lost, slope: what it lost in the
    last third of the run, both as shares; steady: the part of the drop that the last third did. bounce: see `bounce`.
    ratio: the layers' typical update ratio, of the fastest layer. dead: share of dead units, of the worst layer.
    train: training accuracy, gain: what it won in the last third, gap: how far validation is behind it.
    rise: validation loss as a multiple of its lowest.
    """
    moments = history.moments
    first, third, last = moments[0], moments[2 * (len(moments) - 1) // 3], moments[-1]
    losses, val = np.array([(m.train_loss, m.val_loss) for m in moments]).T
    lost, late = first.train_loss - last.train_loss, third.train_loss - last.train_loss
    lowest = np.nanmin(val) if np.isfinite(val).any() else math.nan
    return {
        "start": first.train_loss, "now": last.train_loss, "drop": _share(lost, first.train_loss),
        "slope": _share(late, third.train_loss), "steady": _share(late, lost), "bounce": bounce(losses),
        "ratio": _ratio(moments), "dead": max(last.dead.values(), default=0.0), "train": last.train_accuracy,
        "gain": last.train_accuracy - third.train_accuracy, "gap": last.train_accuracy - last.val_accuracy,
        "rise": _share(last.val_loss, lowest)}


def bounce(losses):
    """How far a loss climbs up again, as a share of itself: the mean climb from one look to the next, falls counting
    as 0, over the later half of the looks. losses (n,), all on the same examples, so that no batch makes noise."""
    later = losses[len(losses) // 2:]
    later = later[np.isfinite(later)]
    return _share(np.maximum(np.diff(later), 0).mean(), np.median(later)) if len(later) > 2 else 0.0


def _share(part, whole):
    return float(part / whole) if whole else math.nan


def _ratio(moments):
    """The median over the later half of the run of each layer's update ratio; the largest of the layers."""
    later = [m.ratios for m in moments[len(moments) // 2:] if m.ratios]
    names = later[-1] if later else ()
    return max((float(np.median([r[name] for r in later if name in r])) for name in names), default=math.nan)


def verdict(history):
    """(kind, sentence): kind is one of KINDS; the sentence says what is seen, and what to try."""
    with np.errstate(all="ignore"):
        found = signs(history)
    rate, last = rate_in_words(history), history.last
    if last.stopped or not found["now"] <= BLOWN_UP * max(found["start"], NOTHING):
        return "diverged", _diverged(found, last, rate)
    if last.step < EARLY or len(history.moments) < 4:
        return "too early", f"Loss {found['now']:.2f} after {last.step} steps: too early to judge."
    tests = {"dead units": found["dead"] >= DEAD, "too fast": found["bounce"] >= BOUNCE,
             "overfitting": found["gap"] >= GAP or (found["rise"] >= RISE and found["gap"] >= GAP / 2),
             "too slow": (found["drop"] < SLOW and found["steady"] >= STEADY) or _never_climbs(found, last),
             "underfitting": found["train"] < LOW and found["gain"] < GAIN and found["slope"] < SLOPE}
    kind = next((kind for kind, seen in tests.items() if seen), "good")
    return kind, SENTENCES[kind](found, rate)


def _never_climbs(found, last):
    """Whether the loss has fallen at every single look of late, though accuracy is low: steps could be longer."""
    return last.epoch >= PATIENT and found["train"] < LOW and found["bounce"] == 0 and found["slope"] >= STILL


def rate_in_words(history):
    """The learning rate that the run was set to, which is what one would change; and what became of it, if it is not
    the same any more: "0.1 (lowered to 0.02 by the schedule)"."""
    first, last, settings = history.moments[0].rate, history.last, history.settings
    if f"{first:.2g}" == f"{last.rate:.2g}":
        return f"{first:.2g}"
    planned = settings and settings.rate(settings.learning_rate, (last.step - 1) / history.per_epoch)
    why = "by the schedule" if planned and math.isclose(planned, last.rate, rel_tol=1e-6) else "on the way"
    return f"{first:.2g} ({'lowered' if last.rate < first else 'raised'} to {last.rate:.2g} {why})"


def _diverged(found, last, rate):
    if last.stopped:
        set_to = f" The learning rate was set to {rate}." if "(" in rate else ""
        return last.stopped[0].upper() + last.stopped[1:] + set_to
    return (f"The loss is {_times(found['now'], found['start'])} what it was at the start: the learning rate "
            f"{rate} is far too high. Try a tenth.")


def _times(now, start):
    times = now / start if start else math.inf
    return f"{times:.1f} times" if times < 1000 else "thousands of times"


def _speed(found):
    """The update ratio beside the rule of thumb, or nothing if there is none."""
    return f" Weights change by {found['ratio']:.0e} of themselves a step." if np.isfinite(found["ratio"]) else ""


SENTENCES = {
    "dead units": lambda found, rate: (
        f"{found['dead']:.0%} of the units of a layer are off for every example and learn nothing any more. Try a "
        "lower learning rate, another initialisation, or leaky ReLU."),
    "too fast": lambda found, rate: (
        f"The loss bounces, by {found['bounce']:.0%} of itself from one look to the next: the learning rate {rate} "
        f"is too high.{_speed(found)} Try a third, or a schedule that lowers it."),
    "overfitting": lambda found, rate: (
        f"Training accuracy {found['train']:.0%}, validation {found['train'] - found['gap']:.0%}: the network learns "
        "its examples by heart. Try more l2, augmentation, a smaller network, or more data."),
    "too slow": lambda found, rate: (
        f"The loss falls steadily but slowly; training accuracy is {found['train']:.0%}: the learning rate {rate} "
        f"is too low.{_speed(found)} Try ten times as much, or more epochs."),
    "underfitting": lambda found, rate: (
        f"Training accuracy has settled at {found['train']:.0%}, and validation is as good: the network cannot do "
        "more. Try more units or layers, less l2, or another learning rate."),
    "good": lambda found, rate: (
        f"It learns{' well' if found['train'] >= LOW else ''}: training {found['train']:.0%}, validation "
        f"{found['train'] - found['gap']:.0%}."
        + _speed(found) + (" Accuracy still rises: more epochs would help." if found["gain"] >= GAIN else "")),
}
