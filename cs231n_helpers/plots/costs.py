"""What training costs in memory: bars made of parts, one upon the other."""

import numpy as np

from .style import CLASS_COLOURS, INK, MUTED, headline, soft, style

HATCHES = ("", "///", "", "///", "...", "")


def stacked(ax, names, parts, limit, xlabel, line=None):
    """A lying bar for each name, made of `parts`, which have a colour and a hatch each; `line` = (value, words).

    Returns update(values, texts, title): `values` {part: one number for each name}, `texts` at the ends of the bars.
    What is larger than `limit` is cut there.
    """
    style(ax, "", xlabel, grid="x").set(xlim=(0, limit), ylim=(len(names) - 0.4, -0.6))
    ax.set_yticks(range(len(names)), names)
    rows, bars = np.arange(len(names)), {}
    for i, (part, hatch) in enumerate(zip(parts, HATCHES)):
        colour = CLASS_COLOURS[i // 2 if i < 4 else i - 1]
        bars[part] = ax.barh(rows, 0, 0.6, color=soft(colour, 0.25 if not hatch else 0.6), ec=colour, lw=0.8,
                             hatch=hatch, label=part)  # fmt: skip
    ends = [ax.annotate("", (0, row), (5, 0), textcoords="offset points", va="center", fontsize=9, color=INK,
                        annotation_clip=False, in_layout=False,
                        bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 1}) for row in rows]  # fmt: skip
    if line:
        ax.axvline(line[0], color=MUTED, ls="--", lw=1.2)
        ax.annotate(line[1], (line[0], 1), (3, -2), xycoords=ax.get_xaxis_transform(), textcoords="offset points",
                    ha="left", va="top", fontsize=8, color=MUTED, in_layout=False)  # fmt: skip
    ax.figure.legend(handles=list(bars.values()), frameon=False, fontsize=8.5, loc="outside lower center", ncols=6)
    head = headline(ax)

    def update(values, texts, title):
        start = np.zeros(len(names))
        for part, drawn in bars.items():
            for bar, left, value in zip(drawn, start, values[part], strict=True):
                bar.set(x=left, width=value)
            start = start + values[part]
        for end, text, right in zip(ends, texts, start, strict=True):
            end.xy = min(right, limit), end.xy[1]
            inside = right > 0.86 * limit                           # there is no room behind the bar
            end.set(text=text, ha="right" if inside else "left", position=(-5 if inside else 5, 0))
        head.set_text(title)
        return [*(bar for drawn in bars.values() for bar in drawn), *ends, head]

    return update
