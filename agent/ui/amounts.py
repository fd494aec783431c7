"""Numbers as people say them."""

from __future__ import annotations


def count(number: int, thing: str) -> str:
    """Count things in words.

    Examples
    --------
    >>> count(1, "lesson"), count(60000, "lesson")
    ('1 lesson', '60,000 lessons')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def seconds(duration_s: float) -> str:
    """Say how long something took.

    Examples
    --------
    >>> seconds(0.42), seconds(75.0)
    ('0.4 s', '75 s')
    """
    return f"{duration_s:.1f} s" if duration_s < 10 else f"{duration_s:.0f} s"


def share(part: float) -> str:
    """Say a share as people do.

    Examples
    --------
    >>> share(0.826), share(0.004)
    ('83 %', '0.4 %')
    """
    per_cent = 100 * part
    return f"{per_cent:.1f} %" if 0 < per_cent < 1 else f"{per_cent:.0f} %"


def size(n_bytes: int) -> str:
    """Say how much memory something takes.

    Examples
    --------
    >>> size(800), size(19_685_424)
    ('1 kB', '19.7 MB')
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{max(1, round(n_bytes / 1000)):,} kB"
