"""Compiled loops: small, exact, and without checks.

Arrays come in, arrays go out; nothing is raised. Whoever calls a kernel has
checked its arguments, because numba does not check bounds. Scratch arrays have a small fixed size. Each
kernel has a slow plain twin in ``tests/naive.py``.

Shape letters used in every docstring
-------------------------------------
N drawings · H W height and width of a picture in pixels · S side of the canonical drawing (28) ·
K edge maps (8) · P planes of bits (48) · M RAM nodes · T bits one node reads · A = 2**T addresses ·
R remembered rows · L labels
"""
