"""Computations that remember how they were made, so that backpropagation can run through them.

    x, y, z = Var(-2, "x"), Var(5, "y"), Var(-4, "z")
    f = (x + y) * z
    backward(f)                 # x.grad, y.grad, z.grad are -4, -4, 3
"""

from cs231n_helpers.graph.expression import Expression, ExpressionError, Gate, parse
from cs231n_helpers.graph.memory import remembered
from cs231n_helpers.graph.trace import MISTAKES, Trace, trace
from cs231n_helpers.graph.var import Var, apply, backward

__all__ = ["Var", "apply", "backward", "remembered", "parse", "Expression", "ExpressionError", "Gate", "trace", "Trace",
           "MISTAKES"]
