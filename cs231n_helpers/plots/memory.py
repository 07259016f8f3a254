"""What the forward pass leaves behind for the way back: which layers keep their arrays, and the bytes alive."""

import numpy as np

from .style import CLASS_COLOURS, INK, MUTED, STILL, headline, soft, style


def kept(ax, most, top):
    """One column per layer, at most `most`, as high as the megabytes it needs: filled if kept, empty if made again.

    `top` is the end of the axis. Returns update(megabytes (L,), kept (L,) bools, title).
    """
    style(ax, "", "layer", "megabytes").set(xlim=(0.3, most + 0.7), ylim=(0, top))
    ax.set_xticks(np.arange(1, most + 1, 1 if most <= 10 else 3))
    bars = ax.bar(np.arange(1, most + 1), np.zeros(most), width=0.7, ec=MUTED, lw=1.2)
    head = headline(ax)

    def update(megabytes, kept, title):
        for i, bar in enumerate(bars):
            there = i < len(megabytes)
            bar.set(height=megabytes[i] if there else 0, visible=there)
            bar.set(facecolor=CLASS_COLOURS[0] if there and kept[i] else "white")
        head.set_text(title)
        return [*bars, head]

    return update


def over_time(ax, steps, top):
    """Megabytes alive after every step, forward and back: all kept (dashed) against the plan chosen (filled).

    The axes end at `steps` and `top`. Returns update(plain (K,), chosen (M,), title).
    """
    style(ax, "", "layers computed, forward and back", "megabytes alive").set(xlim=(0, steps), ylim=(0, top))
    (area,) = ax.fill([0], [0], fc=soft(CLASS_COLOURS[0], 0.5), ec=CLASS_COLOURS[0], lw=1.8, label="your plan")
    (line,) = ax.plot([], [], color=INK, ls="--", lw=1.6, label="all kept", drawstyle="steps-post")
    ax.legend(frameon=False, fontsize=9, loc="upper right").set_zorder(STILL)
    head = headline(ax)

    def update(plain, chosen, title):
        line.set_data(np.arange(len(plain)), plain)
        edges = np.repeat(np.arange(len(chosen) + 1), 2)[1:-1]              # a staircase with flat steps
        area.set_xy(np.column_stack([edges, np.repeat(chosen, 2)]))
        head.set_text(title)
        return [area, line, head]

    return update
