"""Pieces of the Numbers tab as HTML: curves on logarithmic axes, answers, sentences, what was published."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from agent import numbers
from agent.copier import Copier, Progress
from agent.kinds import Answer
from agent.kinds.linear import TEACHERS, curvatures, largest_rate
from agent.runs.published import ASKED, REWARDS, SQUARED_ERROR, Row
from agent.tasks.copy import Copy
from agent.ui import words
from agent.ui import words_numbers as own
from agent.ui.language import spoken
from agent.ui.learners import EVERYBODY, Chosen, Learners
from agent.ui.markup import safe

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 12, 52
LEAST, MOST = -16, 2  # powers of ten that the axis shows; what is smaller is drawn at its foot
PLACES = 6  # of an answer that are shown
Points = Sequence[tuple[int, float]]


def curves(learners: Learners) -> str:
    """Draw how the mean errors fall, and how far w and b are off, of those that have them."""
    everybody = tuple(learners.curves)
    lines = tuple(name for name in everybody if name in TEACHERS)
    drawn = (
        (own.ERROR_OF, _chart(learners, everybody, lambda seen: seen.error)),
        (own.W_OF, _chart(learners, lines, lambda seen: seen.line and abs(seen.line[0] - 1))),
        (own.B_OF, _chart(learners, lines, lambda seen: seen.line and abs(seen.line[1]))),
    )
    return "".join(f"<h3>{title}</h3>{chart}" for title, chart in drawn)


def answers(learners: Learners, loaded: Copier | None, fault: str = "") -> str:
    """Lay out what everybody says to the number asked last; above it, what is wrong with what was written since."""
    x = numbers.read(learners.asked)
    rows = [_answer(name, copier, x, learners) for name, copier in learners.copiers.items()]
    rows += [_answer("", loaded, x, learners)] if loaded is not None else []
    if not rows:
        return f'<p class="asked{" bad" if fault else ""}" aria-live="polite">{fault or own.ASK_EMPTY}</p>'
    head = "".join(f'<th scope="col">{name}</th>' for name in (own.LEARNER, own.ANSWER, own.OFF))
    return (
        f'<p class="asked{" bad" if fault else ""}" aria-live="polite">{fault or own.ASKED.format(x=_digits(x))}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{own.ANSWER}"><table class="answers"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def sentences(chosen: Chosen | None) -> str:
    """Say what one sees, with the numbers of the last course."""
    shown = (chosen.task if chosen else Copy(whole=True)).lessons(1000, chosen.seed if chosen else 0).x
    small, large = curvatures(shown)
    lr, steps = (chosen.lr, chosen.steps) if chosen else (0.01, 500)
    left = max(0.0, 1 - lr * small) ** steps
    told = {"small": words.number(small, ".3g"), "large": words.number(large, ".3g")}
    told |= {"product": words.number(lr * steps, "g"), "limit": words.number(largest_rate(shown, "mse"), ".2g")}
    told |= {"left": words.number(100 * left, ".2g") + " %"}
    parts = "".join(f"<p><b>{head}</b> {text.format(**told)}</p>" for head, text in own.SEEN)
    return f'<h2>{own.SEE}</h2><div class="seen">{parts}</div>'


def published(repeated: Mapping[str, Sequence[float]]) -> str:
    """Lay out the published tables, with the answers of as many seeds as were repeated."""
    return _table(own.OF_SQUARED_ERROR, SQUARED_ERROR, repeated) + _table(own.OF_REWARDS, REWARDS, repeated)


# ---------------------------------------------------------------- curves


def _chart(learners: Learners, who: Sequence[str], value: Callable[[Progress], float | None]) -> str:
    """Draw a value of the progress of some against steps; each has a line below from the beginning: nothing moves."""
    curves = {
        name: [(seen.n_done, found) for seen in learners.curves[name] if (found := value(seen)) is not None]
        for name in who
    }
    end = max([10, *(curve[-1].n_total for curve in learners.curves.values() if curve)])

    def place(steps: float, off: float) -> tuple[float, float]:
        power = min(max(math.log10(off) if off > 0 else LEAST, LEAST), MOST)
        x = LEFT + (WIDTH - LEFT - RIGHT) * math.log10(max(1.0, steps)) / math.log10(end)
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (MOST - power) / (MOST - LEAST)

    drawn = "".join(_line(name, [place(*point) for point in points]) for name, points in curves.items() if points)
    lasts = {name: _small(points[-1][1]) for name, points in curves.items() if points}
    keys = "".join(
        f'<li class="{_css(name)}"><i></i>{own.NAMES[name]} <b>{lasts.get(name, "–")}</b></li>' for name in who
    )
    said = "; ".join(f"{own.NAMES[name]} {last}" for name, last in lasts.items()) or own.CHART_EMPTY
    empty = "" if lasts else _text(WIDTH / 2, HEIGHT / 2 - 12, own.CHART_EMPTY)
    return (
        f'<div class="curve log"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f'{_grid(end, place)}{drawn}{empty}</svg><ul class="keys">{keys or "<li>&nbsp;</li>"}</ul></div>'
    )


def _grid(end: int, place: Callable[[float, float], tuple[float, float]]) -> str:
    parts = []
    for power in range(LEAST, MOST + 1, 3):
        y = place(1, 10.0**power)[1]
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(LEFT - 8, y + 5, own.ZERO if power == LEAST else _power(power), "end"))
    for power in range(int(math.log10(end)) + 1):
        x, y = place(10**power, 10.0**LEAST)
        parts.append(_text(x, y + 22, words.number(10**power)))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, own.CHART_X))
    return "".join(parts)


def _line(name: str, points: Sequence[tuple[float, float]]) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return f'<g class="{_css(name)}"><polyline points="{joined}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="4"/></g>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _css(name: str) -> str:
    return f"series s{EVERYBODY.index(name)}"


# ---------------------------------------------------------------- answers


def _answer(name: str, copier: Copier, x: Decimal, learners: Learners) -> str:
    """Lay out what one of them says, and how far it is off, exactly."""
    answer = copier.predict_one(x)
    title = own.NAMES.get(name) or f"{safe(copier.name)} <small>{own.LOADED}</small>"
    key = f'<i class="key {_css(name)}"></i>' if name else ""
    fault = learners.faults.get(name)
    if fault:
        note = safe(fault)
    elif not copier.n_lessons:
        note = own.KNOWS_NOTHING
    elif answer.unsure and answer.because:
        note = own.NEVER_SHOWN.format(symbol=safe(answer.because))
    else:
        ends = copier.memory.course.low, copier.memory.course.high
        low, high = (words.number(each, ".3g").replace("-", "−") for each in ends)
        note = (own.OUTSIDE if answer.extrapolated else own.INSIDE).format(low=low, high=high)
    value, off = _said(answer), _off(answer)
    exact = "" if answer.value is None else f' title="{numbers.plain(answer.value)}"'
    error = "" if answer.error is None else f' title="{numbers.plain(answer.error)}"'
    good = " good" if answer.error is not None and abs(answer.error) < Decimal("0.001") else ""
    return (
        f'<tr><th scope="row"><span>{key}{title}</span><small>{note}</small></th><td class="value"{exact}>{value}</td>'
        f'<td class="off{good}"{error}>{off}</td></tr>'
    )


def _said(answer: Answer) -> str:
    return own.NOT_SURE if answer.value is None else _digits(answer.value)


def _off(answer: Answer) -> str:
    """How far an answer is off: whole numbers with all digits, others with three."""
    if answer.error is None:
        return "–"
    if answer.error == 0:
        return own.EXACTLY
    if answer.error == answer.error.to_integral_value() and abs(answer.error) < 10**15:
        return _digits(answer.error)
    return _small(float(answer.error))


def _digits(number: Decimal) -> str:
    """Write a number with its thousands apart and at most six places.

    Examples
    --------
    >>> _digits(Decimal("123123122176")), _digits(Decimal("-0.1234567"))
    ('123,123,122,176', '−0.123457')
    """
    rounded = number if abs(number) >= 10**15 else round(number, PLACES)
    text = format(rounded, ",f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else spoken().figures(text.replace("-", "−"))


def _small(number: float) -> str:
    """Write a number with three digits, small ones as powers of ten.

    Examples
    --------
    >>> _small(0.0123), _small(-2.5e-13), _small(0.0)
    ('0.0123', '−2.5 · 10⁻¹³', '0')
    """
    if number == 0:
        return "0"
    if 1e-3 <= abs(number) < 1e6:
        return words.number(number, ",.3g" if abs(number) < 1000 else ",.0f").replace("-", "−")
    figures, power = f"{number:.2g}e0".split("e")[0], math.floor(math.log10(abs(number)))
    figures = f"{number / 10.0**power:.2g}" if power > -300 else figures
    return f"{spoken().figures(figures)} · {_power(power)}".replace("-", "−")


def _power(power: int) -> str:
    """Write a power of ten.

    Examples
    --------
    >>> _power(-13), _power(0)
    ('10⁻¹³', '1')
    """
    return "1" if power == 0 else "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


# ---------------------------------------------------------------- what was published


def _table(title: str, rows: Sequence[Row], repeated: Mapping[str, Sequence[float]]) -> str:
    names = (own.SETTING, own.WAS, own.LEAST, own.MEDIAN, own.MOST, own.EACH)
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(_published(row, sorted(repeated.get(row.name, ()))) for row in rows)
    return (
        f'<h3>{title}</h3><div class="scroll" tabindex="0" role="region" aria-label="{title}"><table class="published">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _published(row: Row, found: Sequence[float]) -> str:
    """Lay out a setting: what was published, and how the answers of the seeds are spread."""
    spread = [found[0], found[len(found) // 2], found[-1]] if found else []
    cells = "".join(f"<td>{words.number(each, '.3f')}</td>" for each in spread) or "<td>–</td>" * 3
    cells = f'<td>{words.number(row.answer, ".3f")}</td>{cells}'
    return f'<tr><th scope="row">{_setting(row)}</th>{cells}<td>{_dots(row.answer, found)}</td></tr>'


def _setting(row: Row) -> str:
    """Name a published setting: by its rate, or by the letter of its reward."""
    steps = words.number(row.settings["steps"])
    if "lr" in row.settings:
        return own.EPOCHS.format(steps=steps, lr=words.number(row.settings["lr"], "g"))
    return own.REWARD_STEPS.format(letter=row.name.partition(",")[0][-1], steps=steps)


def _dots(was: float, found: Sequence[float]) -> str:
    """Draw a dot a seed, a ring for what was published, a line for what would be right."""
    reach = 1.1 * max([abs(each - ASKED) for each in (was, *found)])

    def place(answer: float) -> float:
        return 110 + 100 * (answer - ASKED) / reach

    dots = "".join(f'<circle cx="{place(each):.1f}" cy="12" r="3"/>' for each in found)
    low, high = (words.number(each, ".3f") for each in (found[0], found[-1])) if found else ("", "")
    said = own.DOTS.format(n=len(found), low=low, high=high, was=words.number(was, "")) if found else ""
    return (
        f'<svg class="dots" viewBox="0 0 220 24" role="img" aria-label="{said or words.NONE}">'
        f'<line x1="110" x2="110" y1="2" y2="22"/>{dots}<circle class="was" cx="{place(was):.1f}" cy="12" r="6"/></svg>'
    )
