"""The texts of the Frames tab."""

from __future__ import annotations

from agent.ui.language import translated

FRAMES = "Frames"
STEP_WORLD = "What it watches"
STEP_WATCH = "Watch"
WORLD = "World"
WORLDS = (
    ("a drifting digit", "scroller"), ("a sketch", "sketch"), ("a page with buttons", "page"),
    ("a pole", "CartPole-v1"),
)  # fmt: skip
WORLD_HINT = "A sketch draws again what you drew last, and shows your pad while there is something on it."
MIND = "Mind"
MINDS = (("cells", "cells"), ("recurrent", "recurrent"), ("both, side by side", "both"))
MIND_HINT = "cells looks up what followed; recurrent learns by gradients."
MORE = "More"
UNROLL = "Frames that recurrent carries its errors back through"
SYNTH = "Synthetic gradient for what lies beyond"
SEED = "Seed"
SEED_HINT = "the same seed, the same world and the same mind"
SPEED = "Frames a second"
PLAY, PAUSE, STEP, ANEW = "Play", "Pause", "One frame", "Begin anew"
EYES = "Close its eyes: it dreams"
GOOD, BAD = "Good", "Bad"  # a thumb up and one down beside them, drawn by the style sheet: not every font has them
FILM = "Save a film"
SEEN, EXPECTED = "seen", "expected next"
NOTHING_YET = "Press Play: what it sees appears here, and beside it what it expects to see next."
DREAMS = "Its eyes are closed: what it expects is what it sees."
FACTS = "{n} frames · {rate} a second"
WHY = "Now: {why}."
ERRORS = "How far off it is"
ERRORS_HINT = "Mean squared difference, each point the mean of some frames. What costs nothing to expect is grey."
NO_CURVES = "Its errors are drawn here while it watches, beside those of what costs nothing, and what it scores."
CURVE_EMPTY = "Its first errors appear here."
OWN, REPEAT, MEAN = "expected", "the last frame again", "the mean so far"
SCORES = "Score a frame"
SCORES_NONE = "Nothing scores here but you: press Good or Bad."
SCORE = "score"
PRAISED = "Told: good. It counts in the next frame."
BLAMED = "Told: bad. It counts in the next frame."
NO_FILM = "expected a film of some frames, got none. Press Play first."
BEGUN = "A new mind, which has seen nothing."
STOPPED_ALONE = "Paused after ten minutes. Press Play to go on."
WIRING = "How its layers are wired"
WIRING_HINT = (
    "A dense layer joins every number with every number. Its linearithmic layers mix a digit of each place at "
    "a time: far fewer weights, and still every number reaches every number. Drawn from the plan that the layers go by."
)
DENSE = "dense, 16 to 16: {n} weights"
LINEARITHMIC = "linearithmic, 16 to 16 by {base}: {n} weights"
AT_SIZE = "From {size} to {size} numbers: {few} weights in place of {many}."

translated(__name__)
