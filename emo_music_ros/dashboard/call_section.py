# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who calls for somebody now, shown before everything else."""

from __future__ import annotations

import time

from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words
from emo_music_ros.notifying.calls import Call


def calls(now: Snapshot, words: Words) -> Markup:
    """Return the calls that nobody has acknowledged; empty if there is none."""
    return join(
        *(
            element(
                "div",
                element("p", title(each, words), class_="state"),
                element("p", when(each, words)),
                element("p", element("strong", words("ask_first"))),
                element("a", words("see_to_it"), href="/calls", class_="button"),
                class_="call",
                role="alert",
            )
            for each in now.calls
            if not each.seen
        )
    )


def title(call: Call, words: Words) -> str:
    """Return who calls, and why."""
    return words(f"call_{call.kind}", person=call.person_id)


def when(call: Call, words: Words) -> str:
    """Return when it was, how often, and whether somebody answered."""
    minutes = max(0, int((time.time() - call.began) // 60))
    lately = not call.seen and minutes < 120
    told = [
        words("call_when", time=clock(call.began), minutes=minutes)
        if lately
        else words("call_at", time=clock(call.began))
    ]
    if call.count > 1:
        told.append(words("call_times", count=call.count, time=clock(call.latest)))
    if call.seen:
        told.append(words("call_seen", account=call.seen_by or "?", time=clock(call.seen)))
    else:
        told.append(words("call_escalated" if call.escalated else "call_open"))
    if not call.pushed:
        told.append(words("call_not_pushed"))
    if call.false_alarm:
        told.append(words("was_false"))
    return " · ".join(told)


def clock(moment: float) -> str:
    """Return a unix time as day and time of day here."""
    return time.strftime("%m-%d %H:%M", time.localtime(moment))
