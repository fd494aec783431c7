"""Every text people see. Short, second person, one word a thing."""

from __future__ import annotations

from agent import kinds
from agent.ui.amounts import count, number, seconds, share, size
from agent.ui.language import translated

__all__ = ["count", "number", "seconds", "share", "size"]  # and every text below

TITLE = "Pupil"

# ------------------------------------------------------------------ page
STALE = "This drawing is no longer there. The list has been brought up to date."
HELP_TITLE = "How it works"
HELP = (
    "Draw. It guesses after every stroke. Press the digit it really is: that is a lesson, learned at once.",
    "The lesson goes into the notebook below. Click one to say it was something else, or to forget it.",
    "Teach gives it many lessons at once, Inside shows what it remembers, Share saves it and passes it on, "
    "Compare tells which agents learn best.",
)
KEYS = (
    ("0 – 9", "it is this digit"),
    ("Enter", "right, it is what you say"),
    ("Backspace", "undo the last lesson; with Shift: redo it"),
    ("Escape", "clear the pad"),
)
THEME = "light or dark"
DRAWINGS_PRIVATE = (
    "What you draw is sent to this app and kept in its memory for your agent alone. Your browser keeps your lessons "
    "too, and gives them back when the app has forgotten them."
)

# ------------------------------------------------------------------ Draw
DRAW = "Draw"
PAD = "Drawing pad: draw one digit"
CLEAR = "Clear"
UNDO = "Undo"
REDO = "Redo"
RIGHT = "Right ↵"
IT_IS_A = "It is a"
PRESS = "press the digit, or its key"
OWN_LABEL = "A label of your own"
OWN_LABEL_HINT = "or a label of your own, such as A"
ADD = "+"
SEES = "what it sees"
SEES_HINT = "Your drawing as the agent looks at it: upright, one size, in the middle, 28 by 28."
LOOKS_LIKE = "It looks like a"
DRAW_ONE = "Draw a digit."
KNOWS_NOTHING = "I know nothing yet: tell me what it is."
KNOWS = "I guess after every stroke."
TELL_ME = "Tell me what it is."
NOT_SURE = "Not sure"
NOTHING_LIKE_IT = "nothing like it so far"
BETWEEN = "{first} and {second} are equally near"
AHEAD = "{share} ahead of {second}"
ONLY_LABEL = "the only label it knows"
BECAUSE_OWN = "because it resembles this {label} you drew"
BECAUSE = "because it resembles this {label} it was taught"
WHY = "Why"
WHY_NOTHING = "Draw something: what a guess rests on appears here."
VOTED = "pixels that voted for it"
MENTAL_IMAGE = "its idea of a {label}"
NEAREST = "the nearest {label} it remembers"
NEXT_NEAREST = "another {label} near it"
LEARNED = "Learned: this is a {label}"
LESSONS_OF = "{lessons} of {label}"
LEARNED_STATUS = "Learned: this is a {label} ({lessons} of {label})."
FORGOTTEN = "Forgotten: the last {label}."
FORGOTTEN_LESSON = "Forgotten: that {label}."
RELABELLED = "Learned: that was a {label}."
DRAW_FIRST = "Draw something first."
NOTHING_TO_CONFIRM = "Not sure, so there is nothing to confirm. Press the digit."
NOTHING_TO_UNDO = "No lesson of yours to undo."
NOTHING_TO_REDO = "No lesson to redo. Undo one first."
REDONE = "Learned again: this is a {label}."
NO_LABEL = "Write a label of 1 to 8 characters first."

# ------------------------------------------------------------------ notebook
NOTEBOOK = "Notebook"
NOTEBOOK_EMPTY = "Your lessons appear here, newest first. Click one to relabel or forget it."
NOTEBOOK_LEGEND = "newest first · click one to change it"
KNEW = "it knew"
LEARNED_THEN = "it learned"
LESSON_NAME = "{label}, {knew}"
RIGHT_BEFORE = "Right before being told: {right} of the last {told}"
RIGHT_BEFORE_NONE = "Right before being told: no lessons of yours yet"
PER_LABEL = "Lessons per label"
SHEET_TITLE = "You said this is a {label}."
SHEET_GUESSED = "It had guessed {guessed}."
SHEET_UNSURE = "It had not been sure."
SHEET_RELABEL = "It was really a"
FORGET = "Forget this lesson"
CLOSE = "Close"
SET = "Set"

# ------------------------------------------------------------------ Teach
TEACH = "Teach"
STEP_WHAT = "What"
STEP_TEACH = "Teach"
STEP_TEST = "Test"
MNIST = "Handwritten digits (MNIST)"
MNIST_HINT = "written by some 500 people"
NONE = "none"
ALL_MNIST = "all 60,000"
FONTS = "Printed digits"
FONTS_HINT = "ten lessons a font"
OTHER_SETS = "Data sets"
NOTEBOOK_SET = "My notebook"
NOTEBOOK_SET_HINT = "everything you drew here, also for the agent before this one"
MORE = "More choices"
EXACTLY = "Exactly this many of MNIST and of each data set"
EXACTLY_HINT = "0: as chosen above"
ONLY_LABELS = "Only these digits"
SEED = "Seed"
SEED_HINT = "the same seed draws the same lessons"
BALANCED = "As many of each digit"
TEACH_NOW = "Teach"
STOP = "Stop"
CHOOSE = "Choose something to teach first: handwritten digits, a font, or your notebook."
CHOOSE_TEST = "Nothing to test on yet. Choose fonts above, or draw something first."
STUDY = "Study"
STUDY_HINT = (
    "Study: it goes over everything taught here eight times, a little bent, and corrects what it would get wrong. "
    "Fewer mistakes after thousands of lessons; a minute or two for all 60,000."
)
STUDYING = "Studying {lessons}: {share}"
STUDIED = "Studied {lessons} in {seconds}."
STUDY_STOPPED = "Stopped: nothing has changed."
COURSE_IDLE = "One pass, in order. Each lesson is asked before it is told, so the curve is honest."
COURSE = "{done} of {total} lessons"
COURSE_DONE = "Learned {done} lessons in {seconds}."
COURSE_STOPPED = "Stopped after {done} of {total} lessons. What it learned stays."
REPLACED = "Stopped: the agent was replaced meanwhile."
CURVE_EMPTY = "The learning curve appears here."
CURVE_BEFORE = "right before being told"
CURVE_HELD_OUT = "right on held-out digits"
CURVE_X = "lessons"
TEST_ON = "Ask it about"
TEST_MNIST = "MNIST test digits"
TEST_FONTS = "the fonts chosen above"
TEST_NOTEBOOK = "my notebook"
HOW_MANY = "How many"
TEST_NOW = "Test"
TEST_IDLE = "Test digits are never taught."
TESTING = "{done} of {total} asked"
TEST_STOPPED = "Stopped after {done} of {total}."
ACCURACY = "right of {total}"
UNSURE_OF_THEM = "{unsure} not sure"
CONFUSION = "What it was (rows) and what was said (columns)"
CONFUSION_ALT = "Confusion table: rows are what it was, columns what was said, the last column is not sure"
MISTAKES = "Mistakes"
MISTAKES_HINT = "click one to teach it the right label"
MISTAKES_MORE = "the first {shown} of {total}"
MISTAKE_NAME = "a {label}, it said {guessed}"
UNSURE = "not sure"

# ------------------------------------------------------------------ Inside
INSIDE = "Inside"
LOOKED_AT = "What is looked at"
ON_THE_PAD = "pad"
INSIDE_NOTHING = "Draw something, or teach it, and look at it here."
INSIDE_EMPTY = "Nothing yet. After a lesson, what it remembers of a label shows here."
MENTAL_IMAGES = "Mental images"
MENTAL_IMAGES_HINT = (
    "What it remembers of each label, all its lessons on top of each other. Bright: most of them had ink here."
)
FACT_KIND = "kind"
FACT_VALUES = {"yes": "yes", "no": "no"}  # others are numbers and names
SUMMARIES = {name: kind.SUMMARY for name, kind in kinds.KINDS.items()}
LESSONS = "lessons"
MEMORY_USED = "memory"
FACTS = {
    "rows": "rows remembered",
    "nodes": "RAM nodes",
    "saturation": "locations written",
    "studied": "studied",
    "neurons": "neurons",
    "connections": "connections",
    "preset": "design",
    "w": "w",
    "b": "b",
    "symbols": "symbols known",
    "locations": "locations written",
}
NODES = "RAM nodes"
NODES_HINT = (
    "{n} nodes look at the drawing, each at a few bits. Those bits name a location, and the location tells which "
    "labels were seen there: each is a vote. The bars count them; – counts nodes that find an empty location."
)
VOTED_HINT = "amber: pixels that voted for the guess. Press one"
NODE = "RAM node {number}"
NODE_READS = "what this node reads"
NODE_READS_HINT = "It reads {n} bits. Amber: a 1, a stroke that runs its way; brown: a 0. Together they are a number."
LOCATION_LIFE = "Location {address} was written by {lessons}, rows of each label: {labels}."
LOCATION_EMPTY = "Location {address} was never written."
WRITER = "a {label}"
WRITER_OWN = "your {label}"
STORY = "The story of this drawing"
STORY_HINT = (
    "Every neuron looks up what it was taught, again and again, until nothing changes. "
    "A lesson of yours begins with the states in which it was taught."
)
STATE = "state"
DRAW_ME = "Draw me one"
DRAW_ME_HINT = "It draws from memory, from the top, pixel by pixel: what stood there in lessons that look alike so far."
DRAWN = "a {label}, from memory."
DRAWN_READ = "It reads it as {label}."
PLAY = "Play"
PAUSE = "Pause"
STATE_OF = "State {step} of {last}."
HOW_IT_CAME = {
    "chance": "All neurons fire by chance.",
    "taught": "It is taught: the inner state is the input, the output is the label.",
    "looked": "Look {step} at the drawing.",
}
CHANGED = "{n} inner neurons changed."
SETTLED = "No inner neuron changed."
INPUT = "Input"
INPUT_HINT = "bright: ink here"
INNER = "Inner state"
INNER_HINT = "bright: this neuron fires. Press one"
OUTPUT = "Output"
OUTPUT_HINT = "the label, in bits"
OUTPUT_NUMBER = "= {number}"
NO_LABEL_YET = "no label"
NEURON_INNER = "Inner neuron {number}"
NEURON_OUTPUT = "Output neuron {number}"
NEURON_HINT = "Amber: what it reads. Behind it, the lessons whose rows are nearest."
NEURON_TAUGHT = "It is taught to give {bit} for what it reads now."
READS_INPUT = "inputs"
READS_INNER = "inner neurons"
READS = "{name} it reads: {n}"
ROW_OF = "a lesson of {label}"
ROW_TOLD = "a state of its own"
ROW_GAVE = "gave {bit}"
RULES = {
    "chance": "It fired by chance: {bit}.",
    "discrimination distance": "Its weights decided: {bit}.",
    "nearest rows": "The nearest rows, {distance} bits away, agree: {bit}.",
    "a tie of nearest rows": "The {n} nearest rows, {distance} bits away, disagree. It fired by chance: {bit}.",
}

# ------------------------------------------------------------------ Share
ABOUT = "{name} has had {lessons} and knows {labels}. It takes {size}."
SHARE = "Share"
NAME = "Name"
NAME_HINT = "Its file is named after it. 1 to 40 characters."
RENAME = "Rename"
RENAMED = "Renamed: {name}."
NO_NAME = "Write a name of 1 to 40 visible characters."
SAVE = "Save to a file"
SAVE_HINT = "One .zip with everything it knows and every lesson of yours. Load it here on any day, on any machine."
SAVED = "Saved: {name}."
LOAD = "Load a file"
LOAD_HINT = "A .zip saved here. It takes the place of the agent in use, which stays one click away."
LOADED = "Loaded: {name}, {lessons}."
WHERE = {  # where an agent of a family is, once it is loaded
    "drawings": "",
    "numbers": " It answers on the Numbers tab.",
    "frames": " It watches on the Frames tab.",
}
BACK = "Back to the agent before"
BACK_TO = "Back to {name}, {lessons}"
BACK_DONE = "Back: {name}, {lessons}."
NOTHING_BEFORE = "There is no agent before this one."
PUSH = "Pass it on"
PUSH_HINT = (
    "To a repo of your own on the Hugging Face Hub: anybody can try it, start from it, join it to theirs. "
    "Sign in first; your agent stays here meanwhile."
)
TOKEN = "Your Hugging Face token"
TOKEN_HINT = "with the right to write; it is sent with each press and not kept. Also for pulling what is private"
SIGN_IN = "Sign in with Hugging Face"
SIGN_OUT = "Signed in as {}: sign out"
SIGN_IN_REFUSED = "You were not signed in. Your agent is still here."
REPO = "Repo"
REPO_HINT = "a name of its own; empty: the agent's name"
MESSAGE = "What is new"
MESSAGE_HINT = "one line for the list of versions"
VISIBILITY = "Who may see it"
PUBLIC = "everybody"
PRIVATE = "only me"
WITH_DRAWINGS = "With my drawings"
WITH_DRAWINGS_HINT = (
    "It remembers by drawings: without yours, it goes out as if you had never taught it, "
    "with what it learned from data sets alone."
)
PUSH_NOW = "Push"
PROPOSE = "Propose to its origin"
PUSHING = {"test": "It is asked test digits …", "write": "It is written down …", "send": "It is sent …"}
PUSHED = "Pushed: {repo}."
PROPOSED = "Proposed to {repo}, number {number}."
NOTHING_TO_PROPOSE = "expected an agent that grew from somebody's repo, got one of your own. Pull one first, or push."
PULL = "Pull an agent"
PULL_HINT = "It takes the place of the agent in use, which stays one click away."
REPO_OF_ANYBODY = "Repo, as OWNER/NAME"
PULL_NOW = "Pull"
VERSIONS = "Versions"
PULLING = "Fetching {repo} …"
PULLED = "Pulled: {repo} at {commit}, {lessons}."
NOT_BESIDE = "expected an agent that learns drawings, got {name} of the kind {kind}. Start from it instead."
PULLED_BEFORE = "The Hub is away. This is {repo} as pulled before, at {commit}, {lessons}."
GALLERY = "Gallery"
GALLERY_HINT = "Agents that others have shared. Try one first: it answers beside yours on the Draw tab."
GALLERY_LOOKING = "Looking for what others have shared …"
GALLERY_EMPTY = "No agent found. Yours could be the first."
GALLERY_OLD = "The Hub is away: this list is an old one."
SEEK = "search by name"
SORT = "Order"
NEWEST = "newest"
MOST_LIKED = "most liked"
LOOK = "Look"
ITS_IMAGES = "its mental images"
RIGHT_OF = "{share} right of {asked}"
NEVER_TESTED = "never tested"
TRY = "Try it"
START_FROM_IT = "Start from it"
JOIN_IT = "Join it to mine"
TRYING = "{name} answers beside yours on the Draw tab."
JOINING = "{name} is joined: {share}"
JOINED = "Joined: {name}. Yours has had {lessons} now."
UNJOIN = "Take out the last joined"
UNJOINING = "Everything else is taught again: {share}"
UNJOINED = "Taken out: {name}. Yours has had {lessons} now."
COMPARE = "Two agents, the same digits"
COMPARE_HINT = "Yours and the one you try, asked the same 300 test digits of MNIST."
COMPARE_NOW = "Compare"
NO_GUEST = "Nobody beside yours. Try an agent of the gallery."
NO_GUEST_TO_COMPARE = "expected an agent beside yours, got none. Try one of the gallery first."
GUEST = "Beside yours: {name}, {lessons}."
GUEST_SAYS = "{name} says"
SEND_AWAY = "Send it away"
BOTH_RIGHT = "both right"
ONLY = "only {name}"
NEITHER = "neither"
OF_ASKED = "right, {done} of {total} asked"
SAID_BY_BOTH = "a {label}: {first} · {second}"
START = "Start again"
START_HINT = "A new agent takes the place of this one, which stays one click away."
PRESET = "Design"
KIND = "Kind"
START_FROM = "It starts with"
STARTS = {
    "empty": "nothing",
    "sixty": "sixty handwritten digits",
    "everyday": "an everyday hand: pen strokes, print and handwriting, 5,700 lessons",
    "mnist": "all 60,000 handwritten digits of MNIST",
}
START_MENU_HINT = "A new agent that starts with one of these. The one in use stays within reach, on the Share tab."
STARTING = "It learns: {share} %"
START_NOTEBOOK = "the lessons of this agent"
START_NOW = "Start again"
START_SURE = "Yes, start again"
START_NOT = "Keep this one"
START_ASK = "Start again in place of {name}, {lessons}?"
START_STOPPED = "Stopped. The agent you had is still here."
SETTINGS_OF_ITS_OWN = "Every setting"
SETTINGS = {  # of all kinds: a name and what it means
    "seed": ("Seed", "the same seed, the same birth"),
    "n_nodes": ("RAM nodes", "more: no better, slower"),
    "tuple_size": ("Bits a node reads", "2 to 14"),
    "n_warps": ("Warped copies of a lesson", "at most, 0 to 200"),
    "n_rows": ("Rows for copies", "0 to 20,000; above 6,000 with fewer nodes"),
    "n_candidates": ("Drawings compared", "at most, 3 to 1,000; more: slower"),
    "votes_weight": ("Weight of votes", "against drawings, in thousandths"),
    "studied_weight": ("Weight of studied votes", "in thousandths"),
    "rare_bonus": ("Bonus for rare labels", "in thousandths"),
    "votes_half": ("Lessons that halve votes", "full tables say less"),
    "plausible_lag": ("Votes a label may lack", "a share; beyond it, it is ruled out"),
    "clear_lead": ("Lead that is clear", "a share of votes; then nothing is compared"),
    "threshold": ("Ink from here is a 1", "1 to 255"),
    "n_reasons": ("Reasons named", "0 to 20"),
    "eyes": ("Eyes", "canonical sets a drawing upright at one size, reference takes it as it is"),
    "n_bits": ("Bits a pixel", "1 to 8; more: grey"),
    "n_outputs": ("Output neurons", "1 to 62"),
    "code": ("Code of a label", "binary, or one neuron for each"),
    "connector": ("Connections", "what each neuron reads"),
    "q_inputs": ("Random: inputs read", "by each inner neuron, 0 to all"),
    "q_neighbours": ("Random: inner neurons read", "by each inner neuron"),
    "z_inner": ("Random: inner neurons read by outputs", "0 to all"),
    "z_neighbours": ("Random: outputs read by outputs", "0 to all"),
    "reach_x": ("Reach across", "pixels; for boxes, or a star's arms"),
    "reach_y": ("Reach down", "pixels; for a star, along diagonals"),
    "neighbour_x": ("Reach across, inner", "among inner neurons"),
    "neighbour_y": ("Reach down, inner", "among inner neurons"),
    "z_reads_inputs": ("Outputs read inputs", ""),
    "z_reads_outputs": ("Outputs read outputs", "not for random"),
    "n_held": ("Steps a lesson is held", "1 to 20"),
    "n_steps": ("Steps a drawing is looked at", "1 to 100"),
    "max_rows": ("Rows kept", "at most; what is used least gives way. 0 keeps all"),
    "dd": ("Discrimination distance", "weights decide first"),
    "hamming": ("Nearest rows", "then the rows that differ least"),
    "default": ("Chance", "then a bit by chance, else 0"),
}
RETEACHING = "It is taught your lessons: {share} %."
STARTED = "Started: a new agent, {lessons}."

translated(__name__)
