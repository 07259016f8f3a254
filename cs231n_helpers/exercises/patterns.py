"""Exercise of notebook 05: the number of parameters of INPUT -> [[CONV -> RELU]*N -> POOL]*M -> FC."""

from .exercise import Exercise, Mistake, Output, case

RULE = "A CONV has F * F * (depth of its input) * K weights and K biases"


def _count(side, depth, F, K, N, M, classes, *, bias=1, window=None, first=None, inner=None, left=None, layers=None):
    """Return the number of weights and biases; each keyword is one thing that can be taken wrongly."""
    window = F * F if window is None else window
    first, inner = depth if first is None else first, K if inner is None else inner
    left = (side // 2**M) ** 2 if left is None else left
    later = N * M - 1 if layers is None else layers
    convs = window * first * K + bias * K + later * (window * inner * K + bias * K)
    return convs + left * K * classes + bias * classes


def _wrong(**changes):
    """Make the count with other values, each a function of the arguments by name."""
    def answer(side, depth, F, K, N, M, classes):
        given = {"side": side, "depth": depth, "F": F, "K": K, "N": N, "M": M, "classes": classes}
        return _count(**given, **{name: change(given) for name, change in changes.items()})
    return answer


PARAMETERS = Exercise(
    name="pattern_parameters", call="pattern_parameters(side, depth, F, K, N, M, classes)",
    arguments=dict.fromkeys(("side", "depth", "F", "K", "N", "M", "classes"), ""),
    outputs=(Output("count", "the number of parameters", "", {"all": _count}, (
        Mistake(f"the biases are missing. {RULE}, and the last FC has one bias for each class.",
                _wrong(bias=lambda g: 0), "missing"),
        Mistake("every CONV is counted with the depth of the picture. Only the first one sees the picture; the others "
                "see K channels.", _wrong(inner=lambda g: g["depth"])),
        Mistake("the first CONV is counted with K channels too; what it sees has the depth of the picture.",
                _wrong(first=lambda g: g["K"])),
        Mistake(f"the depth of the input is missing: a filter reaches through all channels. {RULE}.",
                _wrong(first=lambda g: 1, inner=lambda g: 1), "missing"),
        Mistake(f"a filter has F * F places, not F. {RULE}.", _wrong(window=lambda g: g["F"])),
        Mistake("the FC is counted as if no pool made the picture smaller: each of the M pools halves both sides.",
                _wrong(left=lambda g: g["side"] ** 2)),
        Mistake("each pool halves height AND width: of the area a quarter is left, not a half.",
                _wrong(left=lambda g: g["side"] ** 2 // 2 ** g["M"])),
        Mistake("one pool is counted, there are M of them.", _wrong(left=lambda g: (g["side"] // 2) ** 2)),
        Mistake("the FC sees height * width * K numbers; here it is counted with height * K.",
                _wrong(left=lambda g: g["side"] // 2 ** g["M"])),
        Mistake("the FC is missing: the numbers left * K * classes weights, and classes biases.",
                lambda side, depth, F, K, N, M, classes: _wrong(left=lambda g: 0)(side, depth, F, K, N, M, classes)
                - classes, "missing"),
        Mistake("only N CONV layers are counted; there are N in each of M rounds.",
                _wrong(layers=lambda g: g["N"] - 1), "missing"),
        Mistake("only M CONV layers are counted; there are N in each of M rounds.",
                _wrong(layers=lambda g: g["M"] - 1), "missing"),
        Mistake("there is one CONV too many: N * M in all, the first of which sees the picture.",
                _wrong(layers=lambda g: g["N"] * g["M"])),
    ), whole=True),),
    cases=(
        case("32x32x3, [[CONV3-16]*2 POOL]*2 FC", 32, 3, 3, 16, 2, 2, 10),
        case("28x28x1, [[CONV5-8]*1 POOL]*2 FC", 28, 1, 5, 8, 1, 2, 10),
        case("64x64x3, [[CONV3-4]*3 POOL]*3 FC", 64, 3, 3, 4, 3, 3, 7),
        case("224x224x3, [[CONV7-6]*2 POOL]*4 FC", 224, 3, 7, 6, 2, 4, 5),
    ),
    advice={"differs": "Count one layer by hand: 3x3 filters on 3 channels, 16 of them: 3 * 3 * 3 * 16 + 16 = 448."},
)

EXERCISES = (PARAMETERS,)
