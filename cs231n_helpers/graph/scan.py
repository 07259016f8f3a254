"""The first look at a typed circuit: characters, brackets and the order of names and signs, each fault at its place.

What passes is a list of lines made of names, numbers, + - * / **, round brackets and commas in function calls, and
nothing else; Python's own parser then only has to find out which sign binds more strongly.
"""

import keyword
import math
import re
from typing import NamedTuple

from cs231n_helpers.graph.errors import ExpressionError

FUNCTIONS = ("exp", "log", "sigmoid", "tanh", "relu", "max")
MOST_CHARACTERS, MOST_SIGNS, MOST_NESTED, LONGEST_NAME = 1000, 100, 50, 12
MOST_GATES, MOST_INPUTS = 20, 8
TOKEN = re.compile(r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/])"
                   r"|(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<equals>=)|(?P<stop>[;\n])", re.ASCII)
HINTS = {  # what learners type, and what they may write instead; the longer ones first
    "//": "write / for a division", "==": "a comparison is no gate: write one = to give a name",
    "<": "a comparison has no gradient: max(a, b) chooses", ">": "a comparison has no gradient: max(a, b) chooses",
    "!": "a comparison has no gradient: max(a, b) chooses", "^": "write ** for a power",
    "×": "write * for a product", "·": "write * for a product", "−": "write - for minus", "–": "write - for minus",
    "÷": "write / for a division", "²": "write ** 2", "³": "write ** 3", "√": "write ** 0.5", "σ": "write sigmoid(...)",
    "[": "only round brackets are read", "]": "only round brackets are read", "{": "only round brackets are read",
    "}": "only round brackets are read", '"': "text has no place in a circuit", "'": "text has no place in a circuit",
    ".": "a dot stands only in numbers, such as 0.5", "#": "remarks are not read", ":": "a colon has no place here",
}  # fmt: skip


class Token(NamedTuple):
    kind: str           # "number", "name", "sign", "open", "close", "comma", "equals" or "stop"
    text: str
    start: int          # place in the learner's text
    end: int


class Line(NamedTuple):
    name: Token | None  # what stands to the left of =
    start: int          # place of the expression in the learner's text
    end: int


def lines(text):
    """Split a text into its lines, `name = expression` or an expression alone, each checked for its order.

    Lines end at ; or at a line break outside brackets. Raises ExpressionError, with the place, for all that does not
    read as names, numbers, the signs + - * / **, round brackets and function calls.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"the text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read",
                              text, MOST_CHARACTERS, MOST_CHARACTERS + 1)
    tokens = _tokens(text)
    signs = [token for token in tokens if token.kind == "sign"]
    if len(signs) > MOST_SIGNS:
        raise ExpressionError(f"the text has {len(signs)} signs + - * / **; a circuit has at most {MOST_GATES} gates",
                              text, signs[MOST_SIGNS].start, signs[MOST_SIGNS].end)
    found = [_line(text, line) for line in _split(text, tokens)]
    if not found:
        raise ExpressionError("nothing is written here yet: try f = (x + y) * z", text, 0, len(text))
    return found


def _tokens(text):
    flat = text.replace("\r\n", " \n").replace("\r", "\n")                  # as long as the text: places stay right
    tokens, at = [], 0
    while at < len(flat):
        if flat[at] in " \t":
            at += 1
            continue
        match = TOKEN.match(flat, at)
        hint = next((key for key in HINTS if flat.startswith(key, at)), "")
        if len(hint) == 2 or not match:
            raise ExpressionError(_about_character(flat[at], hint), text, at, at + max(len(hint), 1))
        tokens.append(Token(match.lastgroup, match[0], match.start(), match.end()))
        _look_at_word(text, tokens[-1])
        at = match.end()
    return tokens


def _about_character(character, hint):
    if hint:
        return HINTS[hint]
    return (f"{character if character.isprintable() else ascii(character)} is not read here: names are made of "
            "a to z, digits and _, signs are + - * / **")


def _look_at_word(text, token):
    """Refuse names and numbers that a circuit cannot have."""
    word, sentence = token.text, ""
    if token.kind == "number" and not math.isfinite(float(word)):
        sentence = "this number is too large: floats end at about 1.8e308"
    elif token.kind == "number" and re.fullmatch(r"0+[1-9]\d*", word):
        sentence = f"a whole number does not start with 0: write {word.lstrip('0')}"
    elif token.kind == "name" and keyword.iskeyword(word):
        sentence = f"{word} is a word of Python and no name; there are no conditions, loops, True or False here"
    elif token.kind == "name" and "__" in word:
        sentence = "names with a double underscore are not read"
    elif token.kind == "name" and len(word) > LONGEST_NAME and word not in FUNCTIONS:
        sentence = f"this name has {len(word)} characters; at most {LONGEST_NAME} fit into the picture"
    if sentence:
        raise ExpressionError(sentence, text, token.start, token.end)


def _split(text, tokens):
    """Cut the tokens into lines: at ; and at line breaks outside brackets. Every bracket must have its partner."""
    found, line, brackets = [], [], []
    for token in tokens:
        if token.kind == "open":
            brackets.append(token)
        elif token.kind == "close":
            if not brackets:
                raise ExpressionError("this bracket was never opened", text, token.start, token.end)
            brackets.pop()
        if len(brackets) > MOST_NESTED:
            raise ExpressionError(f"more than {MOST_NESTED} brackets stand inside one another", text, *token[2:])
        if token.kind != "stop":
            line.append(token)
        elif token.text == ";" and brackets:
            break
        elif not brackets:
            found.append(line); line = []
    if brackets:
        raise ExpressionError("this bracket is never closed", text, *brackets[-1][2:])
    return [line for line in [*found, line] if line]


def _line(text, tokens):
    """Check one line from left to right: operands and signs must take turns."""
    name, tokens = _left_side(text, tokens)
    before, inside, operand_next = None, [], True           # inside: for each open bracket, is it that of a function?
    for token in tokens:
        fault = _fault(token, before, inside, operand_next)
        if fault:
            raise ExpressionError(fault, text, token.start, token.end)
        if token.kind == "open":
            inside.append(before is not None and before.kind == "name" and not operand_next)
        elif token.kind == "close":
            inside.pop()
        operand_next = token.kind in ("sign", "open", "comma")
        before = token
    if operand_next:
        last = before or name[1]
        raise ExpressionError(f"something is missing after {last.text}", text, last.start, last.end)
    return Line(name[0] if name else None, tokens[0].start, tokens[-1].end)


def _left_side(text, tokens):
    """((name, =) or None, the rest of the line)."""
    signs = [i for i, token in enumerate(tokens) if token.kind == "equals"]
    if not signs:
        return None, tokens
    first, last = tokens[signs[0]], tokens[signs[-1]]
    kinds = [token.kind for token in tokens[:signs[-1]]]
    if kinds.count("open") > kinds.count("close"):
        raise ExpressionError("= cannot stand inside brackets", text, last.start, last.end)
    if signs[0] != 1 or tokens[0].kind != "name":
        raise ExpressionError("to the left of = stands one name, as in f = x + y", text, first.start, first.end)
    if len(signs) > 1:
        raise ExpressionError("a line has one = only", text, last.start, last.end)
    if tokens[0].text in FUNCTIONS:
        raise ExpressionError(f"{tokens[0].text} is a function; choose another name", text, *tokens[0][2:])
    return (tokens[0], first), tokens[2:]


def _fault(token, before, inside, operand_next):
    """What is wrong with a token after the one before it, in words, or ""."""
    kind, word = token.kind, token.text
    if kind in ("number", "name") and not operand_next:
        return f"a sign is missing before {word}: a product is written {_last(before)}*{word}"
    if kind == "open" and not operand_next and before.kind != "name":
        return f"a sign is missing before this bracket: a product is written {_last(before)}*(...)"
    if kind == "sign" and operand_next and word not in "+-":
        return f"something is missing before {word}"
    if kind == "close" and operand_next and before.kind == "open":
        return "something is missing between these brackets"
    if kind in ("close", "comma") and operand_next:
        return "something is missing before this " + ("bracket" if kind == "close" else "comma")
    if kind == "comma" and not (inside and inside[-1]):
        return "a comma stands only between the inputs of a function, as in max(a, b)"
    return ""


def _last(token):
    return "(...)" if token.kind == "close" else token.text
