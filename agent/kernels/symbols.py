"""Tables of symbols: what was written for a symbol, alone and after what was read and written before it.

A location is one word, a bit for each symbol that was ever written there. Shape letters of this file: S symbols
that are read (13), N lessons, E events: symbols of all lessons, one after another.
"""

import numpy as np
from numba import njit

from agent.kernels.match import popcount

START = 13  # what stands before the first symbol


@njit(nogil=True, cache=True)
def write(read, written, ends, alone, after, between):
    """Note what was written for each symbol, in three contexts.

    read and written (E,) uint8, ends (N,) int64: where each lesson ends -> alone (S,) uint16 by the symbol read, after
    (S, S + 1) by the one read before it too, between (S, S + 1, S + 1) by the one written before it too: changed
    """
    first = 0
    for end in ends:
        was_read, was_written = START, START
        for event in range(first, end):
            now, bit = read[event], np.uint16(1) << np.uint16(written[event])
            alone[now] |= bit
            after[now, was_read] |= bit
            between[now, was_read, was_written] |= bit
            was_read, was_written = read[event], written[event]
        first = end


@njit(nogil=True, cache=True)
def copy(read, alone, after, between, out):
    """Write a symbol for each one read: by the smallest context in which only one was ever written.

    read (E,) uint8, the tables of `write` -> out (E,) uint8; returns how many were written before one that no context
    decides, E if none
    """
    was_read, was_written = START, START
    for event in range(len(read)):
        now = read[event]
        found = alone[now]
        if popcount(np.uint64(found)) > 1:
            found = after[now, was_read]
        if popcount(np.uint64(found)) > 1:
            found = between[now, was_read, was_written]
        if popcount(np.uint64(found)) != 1:
            return event
        symbol = 0
        while (found >> np.uint16(symbol)) != 1:
            symbol += 1
        out[event] = symbol
        was_read, was_written = now, np.uint8(symbol)
    return len(read)
