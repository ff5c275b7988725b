# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a report says, as blocks in order; how they look is the matter of page and pdf."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from emo_music_ros import __version__
from emo_music_ros.care.notes import RATERS
from emo_music_ros.dashboard.situations import SCENARIOS
from emo_music_ros.dashboard.words import Words
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.measures import LEAST_TREND, MARGIN, TRIED, Listen, Share
from emo_music_ros.names import printable
from emo_music_ros.report import findings
from emo_music_ros.report.findings import Figures, ends_of
from emo_music_ros.report.numbers import (
    arrow,
    clock,
    count_of,
    day,
    number,
    percent,
    share_of,
    signed,
    when,
)
from emo_music_ros.report.recording import Outcome, Session

#: Most sessions and listens of each that are shown one by one.
MOST_SESSIONS, MOST_LISTENS = 12, 40
#: Modalities that tell how somebody feels.
MODALITIES = ("face", "speech", "text", "physiology", "eeg", "interaction")
#: Most characters of a title in a table.
LONGEST_TITLE = 80
_ENDINGS = {"stopped": "stopped_person", "": "still_on"}


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph; `kind` is empty, ``warning`` or ``note``."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Points:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Tiles:
    """Large figures side by side, each with what it is."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table; `widths` are shares of the width."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """A session drawn over time, and what is on it in words."""

    session: Session
    told: str


Block = Heading | Text | Points | Tiles | Table | Picture


def blocks(sessions: Sequence[Session], problems: Sequence[str], words: Words) -> Iterator[Block]:
    """Yield what is said of sessions; people are never pooled, each has a part of their own.

    Parameters
    ----------
    sessions : sequence of Session
        In the order of time.
    problems : sequence of str
        What of the recordings could not be read.
    words : Words
        The language.
    """
    people = list(dict.fromkeys(each.person for each in sessions))
    for person in people:
        own = [each for each in sessions if each.person == person]
        yield from _person(person, own, problems, words)
    if not people:
        yield Heading(words("report", person=words("nobody")), 1)
        yield Text(words("nothing_there"), "warning")
        yield Points(tuple(problems))
    yield Text(words("definitions", version=__version__), "note")


def _person(
    person: str, sessions: Sequence[Session], problems: Sequence[str], words: Words
) -> Iterator[Block]:
    yield Heading(words("report", person=person or words("nobody")), 1)
    yield Text(words("period", first=day(sessions[0]), last=day(sessions[-1])), "note")
    yield from _warnings(sessions, words)
    all_ = findings.figures(sessions)
    weeks = findings.weeks(sessions)
    yield Tiles(_first_line(all_, len(weeks), words))
    yield Heading(words("one_minute"))
    yield Points(tuple(_one_minute(sessions, all_, len(weeks), words)))
    yield Text(f"{words('seems')} {words('machine')}", "note")
    yield Heading(words("measures"))
    yield _measures(all_, words)
    yield Heading(words("weeks"))
    yield _weeks(weeks, words)
    yield Text(_trend(sessions, words), "note")
    yield Heading(words("ratings"))
    yield from _ratings(sessions, words)
    yield Heading(words("gaps"))
    yield Points((*_gaps(sessions, words), *problems))
    yield from _sessions(sessions, words)


def _warnings(sessions: Sequence[Session], words: Words) -> Iterator[Text]:
    simulated = sorted({name for each in sessions for name in each.simulated})
    if simulated:
        names = ", ".join(words.named(name) for name in simulated)
        yield Text(words("simulated", names=names), "warning")
    replayed = sorted(
        {
            name
            for each in sessions
            for name, sources in each.sources.items()
            if any(source.startswith("recorded:") for source in sources)
        }
    )
    if replayed:
        names = ", ".join(words.named(name) for name in replayed)
        yield Text(words("recorded_input", names=names), "warning")
    silent = findings.unknown(sessions).silent
    if silent:
        yield Text(words("no_sound_made", count=silent, all=len(sessions)), "warning")


def _first_line(all_: Figures, weeks: int, words: Words) -> tuple[tuple[str, str], ...]:
    held = words("of", part=all_.held, whole=all_.planned)
    return (
        (number(all_.minutes / max(weeks, 1)), words("minutes_week")),
        (held if all_.planned else words("none_planned"), words("held")),
        (count_of(all_.worse, words), words("worse")),
        (str(all_.stops), words("stops")),
    )


def _one_minute(
    sessions: Sequence[Session], all_: Figures, weeks: int, words: Words
) -> Iterator[str]:
    yield words(
        "lasted", planned=all_.planned, free=all_.free, weeks=weeks, minutes=number(all_.minutes)
    )
    changes = [end.after - end.before for end in map(ends_of, sessions)]
    verdicts = Counter("lost" if math.isnan(each) else _direction(each) for each in changes)
    named = {name: verdicts[name] for name in ("better", "same", "worse", "lost")}
    yield words("ended", **named)
    called = findings.calls(sessions)
    if called.whole:
        yield words("calls_without_need", share=share_of(called, words))
    if all_.stops:
        people = sum(not stop.reason for each in sessions for stop in each.stops)
        yield words("stopped_by", people=people, system=all_.stops - people)
        reasons = Counter(stop.reason for each in sessions for stop in each.stops if stop.reason)
        for reason, count in reasons.most_common(3):
            yield words("stop_reason", count=count, reason=reason)
    favourites = findings.favourites(sessions)
    if favourites:
        tracks = (
            words("minutes_of", title=title, minutes=number(minutes))
            for title, minutes in favourites
        )
        yield words("most_heard", tracks=", ".join(tracks))
    gaps = findings.unknown(sessions)
    if gaps.length > 0:
        dark = Share(gaps.unsaid + gaps.unsure, gaps.length)
        yield words("unknown_share", percent=percent(dark.value))


def _direction(change: float) -> str:
    return "better" if change > MARGIN else "worse" if change < -MARGIN else "same"


def _measures(all_: Figures, words: Words) -> Table:
    slow = {"median": number(1000 * all_.response), "slow": number(1000 * all_.response_95)}
    response = words("milliseconds", **slow)
    rows: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("acceptance", share_of(all_.accepted, words), {"seconds": f"{TRIED:g}"}),
        ("completion", share_of(all_.completed, words), {}),
        ("improvement", signed(all_.improved, words), {}),
        ("pleasant_gain", signed(all_.pleasant, words), {}),
        ("response", words("not_known") if math.isnan(all_.response) else response, {}),
    )
    return Table(
        (words("measure"), words("value"), words("meaning")),
        tuple((words(key), value, words(f"{key}_is", **said)) for key, value, said in rows),
        (0.25, 0.27, 0.48),
    )


def _weeks(weeks: Sequence[tuple[object, Sequence[Session]]], words: Words) -> Table:
    keys = ("week", "sessions", "music", "worse", "stops", "acceptance", "improvement")
    rows: list[tuple[str, ...]] = []
    for monday, sessions in weeks:
        week = findings.figures(sessions)
        rows.append(
            (
                str(monday),
                str(len(sessions)),
                words("minutes", minutes=number(week.minutes)),
                count_of(week.worse, words),
                str(week.stops),
                share_of(week.accepted, words),
                signed(week.improved, words),
            )
        )
    widths = (0.15, 0.1, 0.12, 0.16, 0.09, 0.21, 0.17)
    return Table(tuple(words(key) for key in keys), tuple(rows), widths)


def _trend(sessions: Sequence[Session], words: Words) -> str:
    found = findings.halves(sessions)
    if found is None:
        known = sum(not math.isnan(ends_of(each).after) for each in sessions)
        return words("no_trend", count=known, least=LEAST_TREND)
    first, second = (signed(each, words) for each in found)
    return words("trend", first=first, second=second)


def _ratings(sessions: Sequence[Session], words: Words) -> Iterator[Block]:
    found = findings.raters(sessions)
    if not found:
        yield Text(words("no_ratings"))
        return
    rows = tuple(
        (
            rater,
            str(len(values)),
            str(sum(value > 0 for value in values)),
            str(sum(value < 0 for value in values)),
        )
        for rater, values in found.items()
    )
    header = tuple(words(key) for key in ("rater", "count", "liked", "disliked"))
    yield Table(header, rows, (0.49, 0.17, 0.17, 0.17))
    yield Text(words("rater_note"), "note")


def _gaps(sessions: Sequence[Session], words: Words) -> Iterator[str]:
    gaps = findings.unknown(sessions)
    yield words(
        "gap_state",
        unsaid=number(gaps.unsaid / 60),
        unsure=number(gaps.unsure / 60),
        length=number(gaps.length / 60),
    )
    yield words("gap_ends", count=gaps.ends, all=len(sessions))
    yield words("gap_heart", part=gaps.heart.part, whole=gaps.heart.whole)
    if gaps.epsilon.whole:
        yield words("gap_epsilon", part=gaps.epsilon.part, whole=gaps.epsilon.whole)
    spoke = {name for each in sessions for name in each.sources}
    silent = [words.named(name) for name in MODALITIES if name not in spoke]
    if silent:
        yield words("gap_silent_parts", names=", ".join(silent))
    yield words("gap_planned")
    if gaps.others:
        yield words("gap_others", count=gaps.others)
    yield words("gap_why")


def _sessions(sessions: Sequence[Session], words: Words) -> Iterator[Block]:
    newest = sessions[::-1][:MOST_SESSIONS]
    yield Heading(words("one_by_one"))
    if len(newest) < len(sessions):
        yield Text(words("more_sessions", shown=len(newest), all=len(sessions)), "note")
    for each in newest:
        title = words("session_title", number=sessions.index(each) + 1, when=when(each))
        yield Heading(title, 3)
        yield Text(_told(each, words))
        tracks = len(each.listens)
        length = number(each.length / 60)
        if each.moments or each.listens:
            yield Picture(each, words("picture", minutes=length, tracks=tracks))
        if each.listens:
            yield _listens(each, words)
        if tracks > MOST_LISTENS:
            yield Text(words("more_listens", count=tracks - MOST_LISTENS), "note")
        yield from _notes(each, words)
    if any(each.outcomes for each in newest):
        yield Text(words("paper_e"), "note")


def _notes(session: Session, words: Words) -> Iterator[Block]:
    """Yield what was noted, each role's apart."""
    for rater in RATERS:
        own = sorted(
            (each for each in session.notes if each.rater == rater), key=attrgetter("time")
        )
        if not own:
            continue
        rows = tuple(
            (clock(each.time - session.began), printable(each.author, LONGEST_TITLE), each.text)
            for each in own
        )
        yield Text(words("noted_by", role=words(f"role_{rater}")), "note")
        header = tuple(words(key) for key in ("at", "who", "note_text"))
        yield Table(header, rows, (0.12, 0.2, 0.68))


def _told(session: Session, words: Words) -> str:
    plan = words("plan_none")
    if session.planned:
        plan = words(
            "plan_is",
            minutes=number(session.planned / 60),
            scenario=_scenario(session.scenario, words),
            goal=session.plan or words.named(session.goal or "as_usual"),
        )
    states = Counter(moment.state for moment in session.moments)
    seconds = max(len(session.moments), 1)
    shares = ", ".join(
        f"{words.named(name)} {words('percent', percent=percent(states[name] / seconds))}"
        for name in (*STATES, UNKNOWN)
        if states[name]
    )
    state = words("state_shares", shares=shares) if shares else words("nothing_heard")
    return words("session_told", minutes=number(session.length / 60), plan=plan, state=state)


def _scenario(name: str, words: Words) -> str:
    return words(f"scenario_{name}") if name in SCENARIOS else words("as_usual")


def _listens(session: Session, words: Words) -> Table:
    keys = ("at", "track", "heard", "how_ended", "pleasantness", "pulse", "epsilon", "mu")
    rows = tuple(
        _listen(listen, outcome_of(session, listen), words)
        for listen in session.listens[:MOST_LISTENS]
    )
    widths = (0.08, 0.26, 0.08, 0.18, 0.15, 0.11, 0.07, 0.07)
    return Table(tuple(words(key) for key in keys), rows, widths)


def _listen(listen: Listen, outcome: Outcome | None, words: Words) -> tuple[str, ...]:
    valence = pulse = epsilon = mu = "–"
    if outcome is not None:
        valence = arrow(outcome.valence_before, outcome.valence_after, 1, words)
        pulse = arrow(outcome.heart_before, outcome.heart_after, 0, words)
        epsilon, mu = number(outcome.rationality, 2), number(outcome.variation, 2)
    ending = words(_ENDINGS.get(listen.ending, listen.ending))
    title = f"{listen.title} · {listen.artist}" if listen.artist else listen.title
    return (
        clock(listen.began),
        printable(title, LONGEST_TITLE),
        clock(listen.heard),
        ending,
        valence,
        pulse,
        epsilon,
        mu,
    )


def outcome_of(session: Session, listen: Listen) -> Outcome | None:
    """Return what came of a listen: told of its track soon after it ended."""
    after = listen.ended if math.isfinite(listen.ended) else session.length
    near = [
        each
        for each in session.outcomes
        if each.track_id == listen.track_id and abs(each.time - after) <= 15.0
    ]
    return min(near, key=lambda each: abs(each.time - after), default=None)
