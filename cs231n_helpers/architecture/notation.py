"""The notation of patterns: from text to a flat list of words, each with its numbers and the column it stands in."""

import difflib
import re
from typing import NamedTuple

BETWEEN = re.compile(r"(?:[\s,;]|-+>|=+>|[→⟶⇒]|-(?!\s*\d))+")        # what may stand between two words
WORD = re.compile(r"[A-Za-z]+")
COUNT = re.compile(r"\s*[*×]\s*(\d*)")
MARK = re.compile(r"\s*(?:(-(?!>)|/|x(?=\d)|[spdg](?=\d)|(?=[\d.]))\s*(\d+\.?\d*|\.\d+)|(floor|ceil)\b)", re.IGNORECASE)
NAMES = {"-": "filters", "/": "stride", "S": "stride", "P": "pad", "D": "dilation", "G": "groups",
         "X": "width"}
MANY = 1000                                                         # layers, counted out: a slip, not a network


class PatternError(ValueError):
    """A pattern that cannot be read; `column` is where, counted from 1."""

    def __init__(self, text, column, words):
        flat = re.sub(r"\s", " ", text)
        super().__init__(f"parse: column {column}: {words}\n  {flat}\n  {' ' * (column - 1)}^")
        self.column = column


class Word(NamedTuple):
    """One layer of a pattern: CONV3-32/2 is name CONV, numbers {"size": 3, "filters": 32, "stride": 2}."""

    name: str
    numbers: dict
    column: int
    written: str


def words(text, known):
    """[Word, ...] of a pattern, brackets and counts worked out.

    known: {name: what its numbers may be}, the first of them what a bare number means: 3 in CONV3, 128 in FC128.
    """
    reader = _Reader(text, known)
    found = reader.sequence()
    if reader.at < len(text):
        reader.fail("this ] closes nothing. Expected a layer, or [ before it.")
    return found


class _Reader:
    """Reads a pattern from left to right; `at` is the place of the next character."""

    def __init__(self, text, known):
        self.text, self.known, self.at = text, known, 0

    def fail(self, said, at=None):
        raise PatternError(self.text, (self.at if at is None else at) + 1, said) from None

    def take(self, pattern):
        """The match of a pattern here, which is then behind us; None if there is none."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match

    def sequence(self):
        """Layers and brackets up to a ] or the end."""
        found = []
        self.take(BETWEEN)
        while self.at < len(self.text) and self.text[self.at] != "]":
            start = self.at
            item = self.bracket() if self.text[self.at] == "[" else [self.word()]
            found += item * self.count()
            if len(found) > MANY:
                self.fail(f"that makes more than {MANY} layers. Expected smaller counts.", start)
            self.take(BETWEEN)
        return found

    def bracket(self):
        start = self.at
        self.at += 1
        found = self.sequence()
        if self.at == len(self.text):
            self.fail("this [ is never closed. Expected a ] after it.", start)
        if not found:
            self.fail("there is nothing between the brackets. Expected a layer, such as CONV3-32.", start)
        self.at += 1
        return found

    def count(self):
        """The number after *, or 1."""
        start = self.at
        match = self.take(COUNT)
        if match is None:
            return 1
        if not match[1]:
            self.fail(f"* must be followed by a number, got {self.here()}. Expected a count such as *2.")
        if len(match[1]) > 4:
            self.fail(f"the count {match[1]} is too large. Expected {MANY} layers at most.", start)
        return int(match[1])

    def here(self):
        """What stands here, in words."""
        rest = self.text[self.at:].split()
        return repr(rest[0][:12]) if rest else "the end"

    def word(self):
        start = self.at
        match = self.take(WORD)
        if match is None:
            self.fail(f"{self.here()} is no layer. Expected a layer, such as CONV3-32, or a bracket.")
        name = match[0].upper()
        if name not in self.known:
            near = difflib.get_close_matches(name, self.known, 1)
            meant = f"Did you mean {near[0]}? Expected one of" if near else "Expected one of"
            self.fail(f"there is no layer {match[0]!r}. {meant} {', '.join(self.known)}.", start)
        numbers = self.numbers(name)
        if self.text[self.at:self.at + 1] == "?":
            self.fail(f"{name}? means that it may be left out. Expected a decision: write {name}, or nothing.")
        return Word(name, numbers, start + 1, self.text[start:self.at].strip())

    def numbers(self, name):
        found = {}
        while True:
            before = self.at
            match = self.take(MARK)
            if match is None:
                return found
            place = before + len(match[0]) - len(match[0].lstrip())
            what = self.what(name, match)
            if what not in self.known[name] or what in found:
                said = f"a second {what}" if what in found else f"{match[0].strip()!r} says the {what or 'size'}"
                self.fail(f"{said}, but {name} takes {', '.join(self.known[name]) or 'no number'}.", place)
            found[what] = match[3].lower() if what == "fit" else self.number(what, match[2], place)

    def what(self, name, match):
        """Which of its settings a mark is about."""
        if match[3]:
            return "fit"
        return NAMES[match[1].upper()] if match[1] else next(iter(self.known[name]), "")

    def number(self, what, digits, place):
        if what == "keep":
            return float(digits)
        if not digits.isdigit():
            self.fail(f"the {what} must be a whole number, got {digits}.", place)
        return int(digits)
