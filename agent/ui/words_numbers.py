"""The texts of the Numbers tab."""

from __future__ import annotations

from agent.ui.language import translated

NUMBERS = "Numbers"
STEP_WHAT = "Who learns what"
STEP_LEARN = "Learn"
STEP_ASK = "Give it a number"
LEARNERS = "Learners"
LEARNERS_HINT = "each is shown a number and should say the same number"
NAMES = {
    "exact": "exact", "mse": "squared error", "slope": "slope of the reward", "two_tries": "two tries",
    "reward_model": "reward model", "tuples": "RAM nodes", "symbols": "symbols",
}  # fmt: skip
TELLS = {
    "exact": "one lesson a step, told what is right",
    "mse": "all lessons every step, told what is right",
    "slope": "knows the reward's formula",
    "two_tries": "hears only rewards",
    "reward_model": "hears only rewards",
    "tuples": "weightless, told what is right",
    "symbols": "weightless, told what is right",
}
RANGE = "Numbers shown"
WHOLE = "Whole numbers only"
REWARD = "Reward of an answer that is e too large or too small"
REWARDS = {
    "one_minus": "1 − |e|", "half_exp": "0.5 · exp(−|e|)", "exp10": "exp(−|e|/10)",
    "exp100": "exp(−|e|/100), less 1.333 · |e| beyond 0.01", "committed": "exp(−|e|), less |e| beyond 1",
    "exp": "exp(−|e|)",
}  # fmt: skip
OWN_REWARD = "A reward of your own"
OWN_REWARD_HINT = "such as -e**2 or 1 - abs(e)*(e > 0); empty: the one above"
RATE = "Learning rate"
STEPS = "Steps"
PRECISION = "Precision"
PRECISIONS = (("double, 53 bits", "float64"), ("single, 24 bits", "float32"))
FALLS = "Steps up a slope grow smaller"
FALLS_HINT = "the rate falls to 0; two tries always let it"
SEED = "Seed"
SEED_HINT = "the same seed, the same course"
MORE = "More choices"
LEARN = "Learn"
STOP = "Stop"
IDLE = "All learners at once, the same lessons. 25,000 steps take a second or two."
GOING = "{done} of {total} steps"
DONE = "{total} steps of {n} learners in {seconds}."
STOPPED = "Stopped after {done} of {total} steps. What they learned stays."
REPLACED = "Stopped: others learn now."
CHOOSE = "Choose a learner first."
ERROR_OF = "Mean error on what was shown"
W_OF = "|w − 1|, how far the factor is off"
B_OF = "|b|, how far the rest is off"
CHART_EMPTY = "The curves appear here."
CHART_X = "steps"
ZERO = "0"
NUMBER = "A number"
NUMBER_HINT = "any; those outside of what was shown are the interesting ones"
QUICK = ("1", "10", "123", "123123123123", "-5", "3.5")
ASKED = "asked {x}"
LEARNER = "learner"
ANSWER = "answer"
OFF = "off by"
EXACTLY = "0, exactly"
NOT_SURE = "not sure"
NEVER_SHOWN = "it was never shown “{symbol}”"
KNOWS_NOTHING = "it knows nothing yet"
OUTSIDE = "outside of what it was shown, {low} to {high}"
INSIDE = "inside of what it was shown, {low} to {high}"
LOADED = "from a file"
ASK_EMPTY = "Let some learn first."
KEEP = "Keep one"
KEEP_HINT = "One .zip. Load it here or on the Share tab, or run it from the command line."
KEEP_WHO = "Which"
NAME = "Name"
SAVE = "Save to a file"
LOAD = "Load a file"
SAVED = "Saved: {name}."
TOOK = "Loaded: {name}, {lessons}. It answers among the others."
NOT_A_COPIER = "expected an agent that learns numbers, got one of the kind {kind}. Load it on the Share tab."
NOTHING_TO_KEEP = "expected a learner to keep, got none. Let some learn first."
SEE = "What one sees"
SEEN = (
    ("Rate times steps.",
     "The squared error is a bowl, {large} steep one way and {small} the other. The slow way loses "
     "{small} · rate of its error a step, so rate × steps = {product} leaves {left} of it. Ten times the steps "
     "at a tenth of the rate leave the same. More steps are not overfitting: they are nearer. Rates beyond {limit} "
     "climb out of the bowl."),
    ("Steps of one size jitter.",
     "The slope of |e| is as steep beside the answer as far away. A step of one size overshoots for ever; a rate that "
     "falls to 0 does not. Where the reward is flat far away, as exp(−|e|), its slope says nothing there."),
    ("A slope is not a reward.",
     "“Slope of the reward” differentiates the reward's formula through the learner: a loss by another name. Nothing "
     "is tried, and nothing is unknown."),
    ("One reward says how good, two say which way.",
     "Two tries answer twice, one above and one below, and move towards the better reward. The reward model tries many "
     "answers around its line, fits the rewards by a hill and moves to its top. Neither is ever told what was right."),
    ("24 bits.",
     "Single precision keeps 24 binary digits of any number. Near 123,123,123,123 its numbers are 8,192 apart: the "
     "nearest is 123,123,122,176, off by 947, whoever learned what."),
    ("Weightless.",
     "RAM nodes keep what was right near a number. Inside they copy; outside they say what was right at the edge, and "
     "that they were never there. Symbols copy digit by digit from tables, so a number of twelve digits is as easy as "
     "one of two. A sign or a point they were never shown, they are not sure of."),
)  # fmt: skip
PUBLISHED = "What was published, and twenty seeds of it"
PUBLISHED_HINT = (
    "Answers to 123 of single runs without a seed, as they were published, and the same settings again with twenty "
    "seeds. A dot is a seed, the line is 123, the ring is what was published."
)
REPEAT = "Repeat them"
REPEATING = "{done} of {total} runs"
REPEATED = "{total} runs in {seconds}."
REPEATING_STOPPED = "Stopped after {done} of {total} runs."
SETTING = "setting"
WAS = "published"
LEAST, MEDIAN, MOST, EACH = "least", "median", "most", "each seed"
OF_SQUARED_ERROR = "Squared error"
EPOCHS = "{steps} epochs, lr {lr}"
REWARD_STEPS = "reward {letter}, {steps} steps"
OF_REWARDS = "Slopes of rewards"
DOTS = "{n} seeds from {low} to {high}, published {was}"

translated(__name__)
