# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts of the calls to carers: key -> English, Chinese."""

from __future__ import annotations

CALL_WORDS: dict[str, tuple[str, str]] = {
    "calls": ("Calls", "呼叫"),
    "calls_what": (
        "Here is who asked for help or seemed distressed. This is not a nurse call: nobody may rely"
        " on it.",
        "这里显示谁请求了帮助或显得痛苦。这不是呼叫护士的铃：不能依赖它。",
    ),
    "call_help": ("{person} asked for help", "{person} 请求帮助"),
    "call_distress": (
        "{person} seemed distressed; the music was stopped",
        "{person} 显得痛苦；音乐已停止",
    ),
    "call_when": ("at {time}, {minutes} min ago", "{time}，{minutes} 分钟前"),
    "call_at": ("at {time}", "{time}"),
    "call_times": ("{count} times, last at {time}", "共 {count} 次，最近一次 {time}"),
    "ask_first": (
        "Ask first: pain? toilet? thirst? noise? cold?",
        "先问：疼痛？如厕？口渴？噪音？寒冷？",
    ),
    "see_to_it": ("See to it", "去处理"),
    "on_it": ("I am on it", "我来处理"),
    "call_open": ("nobody has answered yet", "还没有人回应"),
    "call_escalated": ("nobody answered in time: told again", "未及时回应：已再次通知"),
    "call_not_pushed": (
        "only here: enough was sent out in this shift",
        "仅在此显示：本班次发送的已够多",
    ),
    "call_seen": ("{account} was there at {time}", "{account} 于 {time} 处理"),
    "no_need": ("There was no need", "没有必要"),
    "was_need": ("There was a need", "确有必要"),
    "was_false": ("no need, as was said", "据称没有必要"),
    "no_calls": ("None in the last week.", "最近一周没有呼叫。"),
    "calls_week": (
        "In the last week: {count}, of which without need: {false} ({percent} %).",
        "最近一周：{count} 次，其中没有必要的：{false} 次（{percent} %）。",
    ),
    "not_urgent": ("Not urgent", "不紧急"),
    "nothing_else": ("Everything works.", "一切正常。"),
}
