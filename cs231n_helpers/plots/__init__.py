"""Draw functions by topic: an axis first, then computed arrays; nothing is computed here.

Each draws once and returns `update(...)`, which changes what was drawn and returns the artists it changed.
"""
