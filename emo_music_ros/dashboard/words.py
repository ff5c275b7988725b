# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Every text that people read, in every language, in one place."""

from __future__ import annotations

from collections.abc import Mapping

from emo_music_ros.dashboard.call_words import CALL_WORDS
from emo_music_ros.dashboard.care_words import CARE_WORDS
from emo_music_ros.dashboard.consent_words import CONSENT_WORDS
from emo_music_ros.dashboard.input_words import INPUT_WORDS
from emo_music_ros.dashboard.law_words import LAW_WORDS
from emo_music_ros.dashboard.library_words import LIBRARY_WORDS

LANGUAGES = ("en", "zh")

#: Key -> text in the order of `LANGUAGES`.
CATALOGUE: dict[str, tuple[str, str]] = {
    **CALL_WORDS,
    **CONSENT_WORDS,
    **INPUT_WORDS,
    **LAW_WORDS,
    **LIBRARY_WORDS,
    "app": ("Music companion", "音乐陪伴"),
    "machine": (
        "This is a machine. It can be wrong, it makes no diagnosis, and it is not a nurse call.",
        "这是一台机器。它可能出错，不作诊断，也不是呼叫护士的铃。",
    ),
    "language": ("中文", "English"),
    "live": ("Now", "现在"),
    "carer": ("Start music", "开始音乐"),
    "resident": ("Large buttons", "大按钮"),
    "accounts": ("Accounts", "账户"),
    "audit": ("Who did what", "操作记录"),
    "password": ("Password", "密码"),
    "logout": ("Sign out", "退出"),
    "login": ("Sign in", "登录"),
    "name": ("Name", "姓名"),
    "new_password": ("New password (12 characters or more)", "新密码（至少 12 个字符）"),
    "old_password": ("Present password", "当前密码"),
    "role": ("Role", "角色"),
    "role_therapist": ("Therapist", "治疗师"),
    "role_carer": ("Carer", "护理员"),
    "role_resident": ("Resident", "住户"),
    "role_developer": ("Developer", "开发者"),
    "save": ("Save", "保存"),
    "add": ("Add", "添加"),
    "remove": ("Remove", "删除"),
    "saved": ("Saved.", "已保存。"),
    "setup": ("First set-up", "首次设置"),
    "setup_why": (
        "Nobody has an account yet. The first one is a therapist's. The code is on the terminal "
        "where the program was started.",
        "目前还没有账户。第一个账户属于治疗师。代码显示在启动本程序的终端上。",
    ),
    "code": ("Code", "代码"),
    "wrong_code": ("This is not the code.", "代码不正确。"),
    "wrong_login": ("Name or password is not right.", "姓名或密码不正确。"),
    "wait": (
        "Too many attempts. Try again in {minutes} min.",
        "尝试次数过多。请在 {minutes} 分钟后再试。",
    ),
    "time": ("Time", "时间"),
    "who": ("Who", "谁"),
    "act": ("What", "操作"),
    "outcome": ("Outcome", "结果"),
    # what is sensed
    "feels": ("How it seems", "看起来"),
    "unknown": ("I don't know", "我不知道"),
    "positive": ("Cheerful", "愉快"),
    "calm": ("Calm", "平静"),
    "anxiety": ("Uneasy", "不安"),
    "depression": ("Low", "低落"),
    "sure": ("sure to {percent} %", "把握 {percent} %"),
    "nothing_heard": ("Nothing is sensed at the moment.", "目前没有感知到任何信息。"),
    "cannot_tell": ("What is sensed does not say enough.", "感知到的信息不足以判断。"),
    "silent": ("Not sensed: {reason}", "未感知：{reason}"),
    "present": ("somebody is there", "有人在"),
    "absent": ("nobody is there", "没有人在"),
    "parts": ("What it is judged by", "判断依据"),
    "part": (
        "{percent} % · {age} s ago · quality {quality} %",
        "{percent} % · {age} 秒前 · 质量 {quality} %",
    ),
    "no_parts": ("by nothing", "无"),
    "face": ("Face", "面部"),
    "speech": ("Voice", "语音"),
    "text": ("Words", "文字"),
    "physiology": ("Body", "身体"),
    "eeg": ("Brain waves", "脑电"),
    "interaction": ("Buttons", "按键"),
    "plane": ("Pleasant and lively", "愉悦与活跃"),
    "plane_told": (
        "Now at {point}; the music aims at {target}. Right is pleasant, up is lively.",
        "现在位于 {point}；音乐的目标是 {target}。右为愉悦，上为活跃。",
    ),
    "pleasant": ("pleasant", "愉悦"),
    "unpleasant": ("unpleasant", "不悦"),
    "lively": ("lively", "活跃"),
    "quiet": ("quiet", "安静"),
    "at_now": ("now", "现在"),
    "at_target": ("aim", "目标"),
    "body": ("Measured", "测量"),
    "heart_rate": ("Heart rate", "心率"),
    "heart_rate_unit": ("{value} per minute", "每分钟 {value} 次"),
    "eda_level": ("Skin conductance", "皮肤电导"),
    "eda_level_unit": ("{value} µS", "{value} µS"),
    "no_body": ("no sensor speaks", "没有传感器数据"),
    # music
    "music": ("Music", "音乐"),
    "no_player": ("The player does not answer.", "播放器没有回应。"),
    "silence": ("No music", "没有音乐"),
    "stopped": ("silent", "无声"),
    "playing": ("playing", "正在播放"),
    "paused": ("paused", "已暂停"),
    "fading": ("changing", "切换中"),
    "no_sound": ("no loudspeaker: nothing is heard", "没有扬声器：听不到声音"),
    "volume_is": ("volume {percent} %", "音量 {percent} %"),
    "why": ("Why: {reason}", "原因：{reason}"),
    "why_unknown": (
        "Why: not known here; it was chosen earlier.",
        "原因：此处未知；曲目在此之前已选定。",
    ),
    "next": ("Best for now", "目前最合适"),
    "no_next": ("nothing is chosen yet", "尚未选择"),
    "ranked": (
        "{score} in all · suits the need {need} · taste {taste} · worked before {history}",
        "总分 {score} · 符合需要 {need} · 口味 {taste} · 以往效果 {history}",
    ),
    "session": ("Session", "活动"),
    "no_session": ("none runs", "没有进行中的活动"),
    "session_is": ("Aim: {goal}. {minutes} min left.", "目标：{goal}。还剩 {minutes} 分钟。"),
    "recordings": ("Sessions", "活动"),
    "start_session": ("Start a session", "开始一次活动"),
    "scenario": ("Where", "场合"),
    "scenario_home": ("At home", "居家"),
    "scenario_daycare": ("Day care", "日间照料"),
    "scenario_group": ("Group", "集体"),
    "goal": ("Aim", "目标"),
    "length": ("Minutes", "分钟数"),
    "recorded": ("Recorded sessions", "已录制的活动"),
    "none_recorded": (
        "None is recorded. Sessions are recorded where the parameter record of the node session is"
        " on.",
        "没有录制。需打开 session 节点的 record 参数才会录制。",
    ),
    "began": ("Began", "开始时间"),
    "size": ("Size", "大小"),
    "report_of": ("Report", "报告"),
    "all_sessions": ("All together:", "全部："),
    "report_read": ("Read", "阅读"),
    "report_pdf": ("PDF", "PDF"),
    "report_csv": ("Log (csv)", "日志 (csv)"),
    "no_report": ("No report: {reason}", "没有报告：{reason}"),
    "nodes": ("Parts of the machine", "机器各部分"),
    "gone": ("does not report any more", "不再报告"),
    "no_nodes": ("none reports", "没有报告"),
    "ok": ("good", "正常"),
    "warn": ("warning", "警告"),
    "error": ("fault", "故障"),
    # controls
    "controls": ("Steer", "控制"),
    "play": ("Music", "播放"),
    "pause": ("Pause", "暂停"),
    "skip": ("Another", "换一首"),
    "stop": ("Stop", "停止"),
    "like": ("Liked", "喜欢"),
    "dislike": ("Not liked", "不喜欢"),
    "calmer": ("Calmer", "更平静"),
    "livelier": ("Livelier", "更活跃"),
    "volume": ("Volume", "音量"),
    "set": ("Set", "设定"),
    "done": ("Done: {what}", "完成：{what}"),
    "not_done": ("Not done: {reason}", "未完成：{reason}"),
    "no_answer": ("the robot does not answer", "机器没有回应"),
    "from_next": ("From the next piece on: {what}", "从下一首开始：{what}"),
    "for_carers": ("For carers", "护理员专用"),
    "situations": ("What is it for?", "用于什么场合？"),
    "start_now": ("Start", "开始"),
    "calm_afternoon": ("Calm afternoon", "宁静的下午"),
    "before_washing": ("Before washing", "洗漱之前"),
    "wake_up": ("Wake up", "起床"),
    "company": ("Company", "聚会"),
    "sleep": ("Sleep", "入睡"),
    "minutes": ("{minutes} min", "{minutes} 分钟"),
    "lost": ("No connection. What is shown is old.", "连接已断开。显示的内容已过时。"),
    "refused": ("You may not do this.", "您无权执行此操作。"),
    "how_really": ("You know better? How are they now?", "您更了解？他们现在怎样？"),
    "learns": (
        "The companion learns from it how this person shows what they feel, and nobody else.",
        "机器由此学习此人如何表达感受，只用于此人。",
    ),
    "confirmed": ("Learned from: {state}", "已据此学习：{state}"),
    "unlearn": ("Forget what was learned so", "忘掉由此所学"),
    # the panel of rqt
    "panel": ("Companion", "音乐陪伴"),
    "robot": ("Robot", "机器人"),
    "about": ("Person: {person}", "对象：{person}"),
    "no_robot": (
        "No companion runs here. Start one (emo-music companion) in this ROS_DOMAIN_ID.",
        "这里没有运行中的音乐陪伴。请在此 ROS_DOMAIN_ID 中启动（emo-music companion）。",
    ),
    "robot_elsewhere": (
        "No companion runs in {namespace}; there is one in {others}.",
        "{namespace} 中没有运行中的音乐陪伴；{others} 中有。",
    ),
    "asked": ("Asked: {what}", "已请求：{what}"),
    "missing": ("There is no such page.", "没有这个页面。"),
    "wrong_request": ("This request is not understood.", "无法理解此请求。"),
    "back": ("Back", "返回"),
    **CARE_WORDS,
}


class Words:
    """The texts of one language.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    catalogue : mapping
        Key -> text in the order of `LANGUAGES`.
    """

    def __init__(self, language: str, catalogue: Mapping[str, tuple[str, str]] = CATALOGUE) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)
        self._catalogue = catalogue

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values."""
        return self._catalogue[key][self._index].format(**values)

    def named(self, name: str) -> str:
        """Return what a name from outside is called; itself where we have no word for it."""
        return self(name) if name in self._catalogue else name.replace("_", " ")


WORDS = {language: Words(language) for language in LANGUAGES}


def preferred(header: str) -> str:
    """Return the language that an Accept-Language header asks for first."""
    for part in header[:200].split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]
