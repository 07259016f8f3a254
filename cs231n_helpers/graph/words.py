"""Numbers, wires and steps of a circuit in words. Nothing is computed here."""

import re

LONGEST = 20            # characters of a part of the text that stands for a wire in a sentence
ONE_LINE = 110          # characters of a sentence, where it can be said so shortly


def number(value):
    """Four significant digits, with a real minus sign and no minus zero: -0.19661 -> "−0.1966"."""
    digits = f"{value + 0.0:.4g}"                           # -0.0 + 0.0 = 0.0
    digits = re.sub(r"e\+?(-?)0*", r"e\1", digits)          # 1e+06 -> 1e6
    return digits.replace("-", "−")


def wire_names(expression):
    """What each wire is called in a sentence: the learner's name for it, or its part of the text if that is short."""
    names = list(expression.inputs)
    for gate in expression.gates:
        part = " ".join(expression.text[gate.start:gate.end].split())
        part = re.sub(r" ?(\^|·|/) ?", r"\1", part.replace("**", "^").replace("*", "·")).replace("-", "−")
        if gate.places == ((gate.start, gate.end),):        # 1/y of x / y: its part of the text is only y
            part = _filled(gate.formula, [names[gate.inputs[0]]])
        names.append(gate.name or (part if len(part) <= LONGEST else f"[{gate.label}]"))
    return names


def inputs(names, values):
    """State 0."""
    return "The inputs: " + ", ".join(f"{name} = {number(value)}" for name, value in zip(names, values)) + "."


def forward(gate, names, values, result):
    """One gate forwards: its formula with names, with numbers, and its value."""
    named = _filled(gate.formula, names)
    numbers = _filled(gate.formula, [number(value) for value in values])
    numbers = numbers.removeprefix("−") if numbers == "−0" else numbers
    parts = [*([gate.name] if gate.name else []), named, numbers, number(result)]
    parts = [part for part, before in zip(parts, ["", *parts]) if part != before]
    start = f"Forward, {gate.label}: "
    long = len(start) + len(" = ".join(parts)) > ONE_LINE
    return start + " = ".join([*parts[:bool(gate.name)], *parts[-2:]] if long else parts) + "."


def seed(name):
    """The state between the two passes."""
    return f"Backward starts at the result: d{name}/d{name} = 1."


def backward(gate, names, upstream, sent):
    """One gate backwards. sent: for each input a record with local, flow, before, after and mistake."""
    clauses = [_clause(name, upstream, one) for name, one in zip(names, sent)]
    if len(names) > 2 and not any(one.mistake for one in sent):         # max of many: all but one receive nothing
        clauses = [clause for clause, one in zip(clauses, sent) if one.local]
        clauses += ["the others get 0" if clauses else "all get 0, the constant is the largest"]
    start, text = f"Backward, {gate.label}", "; ".join(clauses) + "."
    full = f"{start}, upstream · local: {text}"
    return full if len(full) <= ONE_LINE else f"{start}: {text}"


def _clause(name, upstream, sent):
    product = f"{number(upstream)} · {_bracketed(number(sent.local))}"
    flow = number(sent.flow)
    said = {"forget a local gradient": f"{name} gets {flow}, its local gradient {number(sent.local)} forgotten",
            "wrong sign": f"{name} gets −({product}) = {flow}, the wrong sign"}.get(
                sent.mistake, f"{name} gets {product} = {flow}")
    if sent.before is None:
        return said
    if sent.mistake == "overwrite at forks":
        return f"{said}, overwritten: {number(sent.before)} is lost"
    return f"{said}, added to {number(sent.before)}: {number(sent.after)}"


def _filled(formula, operands):
    """A formula with its operands, in brackets where a sign beside them would bind more strongly."""
    if re.match(r"\w+\(", formula):                         # exp({0}): the brackets are there
        return formula.format(*operands)
    return formula.format(*(f"({operand})" if _needs_brackets(formula, i, operand) else operand
                            for i, operand in enumerate(operands)))


def _needs_brackets(formula, place, operand):
    if re.fullmatch(r"[\w.]+|\[.*\]", operand):                                  # x, 3.5, [×]
        return False
    outside, inner = operand, ""
    while inner != outside:
        outside, inner = re.sub(r"\w*\([^()]*\)", "_", outside), outside           # what stands in brackets is whole
    first, minus = formula.startswith(f"{{{place}}}"), outside.startswith("−")
    if " + " in formula or (" − " in formula and first):
        return minus and not first
    if " · " in formula or " / " in formula:
        return bool(re.search("[+−]", outside[1:])) or (minus and not first)
    weaker = {"−": "[+−]", "1": "[+−·/]"}.get(formula[0], r"\W" if "^" in formula else "[+−]")
    return bool(re.search(weaker, outside))                 # −x, 1/x, powers, and what is subtracted


def _bracketed(digits):
    return f"({digits})" if digits.startswith("−") else digits
