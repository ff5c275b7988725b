# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Every text of a report, in every language; what the pages say too is taken from them."""

from __future__ import annotations

from emo_music_ros.dashboard.words import CATALOGUE, LANGUAGES, Words

TEXTS: dict[str, tuple[str, str]] = {
    "report": ("Report: {person}", "报告：{person}"),
    "noted_by": ("Noted by: {role}", "记录者：{role}"),
    "nobody": ("nobody named", "未指明姓名"),
    "period": ("{first} to {last}", "{first} 至 {last}"),
    "simulated": (
        "SIMULATED INPUT ({names}): this says nothing about a real person.",
        "模拟输入（{names}）：本报告不代表任何真实的人。",
    ),
    "recorded_input": (
        "Input replayed from files ({names}), not sensed live.",
        "输入来自文件回放（{names}），并非实时感知。",
    ),
    "no_sound_made": (
        "In {count} of {all} sessions there was no loudspeaker: nothing was heard.",
        "{all} 次活动中有 {count} 次没有扬声器：没有声音。",
    ),
    "minutes_week": ("Minutes of music a week", "每周音乐分钟数"),
    "held": ("Planned sessions held", "计划的活动已进行"),
    "worse": ("Ended worse than begun", "结束时状态更差的活动"),
    "calls_without_need": (
        "Calls to carers without need, in the weeks of these sessions: {share}.",
        "这些活动所在各周内，没有必要的护理呼叫：{share}。",
    ),
    "stops": ("Stops", "停止次数"),
    "of": ("{part} of {whole}", "{part} / {whole}"),
    "none_planned": ("none planned", "无计划"),
    "not_known": ("not known", "未知"),
    "one_minute": ("In one minute", "一分钟概览"),
    "lasted": (
        "Sessions asked for: {planned}; that ran by themselves: {free}; weeks: {weeks}; minutes of"
        " music: {minutes}.",
        "在 {weeks} 周内，按计划进行 {planned} 次，自行运行 {free} 次；音乐共播放 {minutes} 分钟。",
    ),
    "ended": (
        "At the end the person seemed more pleasant: {better}; about the same: {same}; worse:"
        " {worse}; not known: {lost}.",
        "结束时看起来更愉快的有 {better} 次，差不多的有 {same} 次，更差的有 {worse} 次；"
        "另有 {lost} 次无法得知。",
    ),
    "stopped_by": (
        "The music was stopped, by a person: {people}; by the machine: {system}.",
        "音乐被人停止 {people} 次，被机器停止 {system} 次。",
    ),
    "stop_reason": ("{count} × {reason}", "{count} 次：{reason}"),
    "most_heard": ("Heard longest: {tracks}.", "播放最久：{tracks}。"),
    "minutes_of": ("{title} ({minutes} min)", "{title}（{minutes} 分钟）"),
    "unknown_share": (
        "For {percent} % of the time the machine did not know how the person felt.",
        "有 {percent} % 的时间机器不知道此人的感受。",
    ),
    "seems": (
        "How somebody seems is an estimate of a machine, not what they felt; ask them.",
        "“看起来”只是机器的估计，并不等于真实感受；请询问本人。",
    ),
    "measures": ("Measures", "指标"),
    "measure": ("Measure", "指标"),
    "value": ("Value", "数值"),
    "meaning": ("What it is", "含义"),
    "acceptance": ("Acceptance", "接受率"),
    "acceptance_is": (
        "tracks the machine chose that nobody refused within {seconds} s",
        "机器选择的曲目中 {seconds} 秒内没有被拒绝的比例",
    ),
    "completion": ("Completion", "完成率"),
    "completion_is": (
        "planned sessions that came to their planned end with music",
        "在音乐中进行到计划结束时间的计划活动",
    ),
    "improvement": ("Improvement", "改善"),
    "improvement_is": (
        "mean change of estimated pleasantness from beginning to end, as a share of its scale",
        "从开始到结束估计愉悦度的平均变化，占整个量表的比例",
    ),
    "pleasant_gain": ("Pleasant time gained", "愉快时间的增加"),
    "pleasant_gain_is": (
        "mean change of the share of seconds that seemed cheerful or calm",
        "看起来愉快或平静的秒数比例的平均变化",
    ),
    "response": ("Response time", "响应时间"),
    "response_is": (
        "from the newest sample to the recommendation it led to; median, 95 %",
        "从最新样本到其产生的推荐；中位数，95 %",
    ),
    "milliseconds": ("{median} ms, {slow} ms", "{median} 毫秒，{slow} 毫秒"),
    "percent_of": ("{percent} % ({part} of {whole})", "{percent} %（{part} / {whole}）"),
    "percent": ("{percent} %", "{percent} %"),
    "weeks": ("Weeks compared", "各周比较"),
    "week": ("Week of", "周（起始）"),
    "sessions": ("Sessions", "活动"),
    "no_trend": (
        "Too few sessions to speak of a trend: {count} with known beginning and end, {least} are"
        " needed.",
        "活动太少，不能谈趋势：已知开始和结束的有 {count} 次，至少需要 {least} 次。",
    ),
    "trend": (
        "Improvement in the first half of the sessions {first}, in the second {second}. Whether"
        " this is chance is not tested.",
        "前半部分活动的改善为 {first}，后半部分为 {second}。未检验是否出于偶然。",
    ),
    "one_by_one": ("Session by session, newest first", "逐次活动（最近的在前）"),
    "session_title": ("Session {number}: {when}", "活动 {number}：{when}"),
    "session_told": (
        "{minutes} min, {plan}. {state}",
        "{minutes} 分钟，{plan}。{state}",
    ),
    "plan_none": ("not planned", "未计划"),
    "plan_is": (
        "planned {minutes} min, {scenario}, aim: {goal}",
        "计划 {minutes} 分钟，{scenario}，目标：{goal}",
    ),
    "as_usual": ("as usual", "照常"),
    "state_shares": ("Seemed {shares}.", "看起来：{shares}。"),
    "track": ("Track", "曲目"),
    "at": ("At", "时刻"),
    "heard": ("Heard", "播放"),
    "how_ended": ("Ended", "结束方式"),
    "finished": ("played to its end", "播放完毕"),
    "skipped": ("another was asked for", "被要求换曲"),
    "stopped_person": ("a person stopped it", "被人停止"),
    "replaced": ("the machine went on", "机器换曲"),
    "halted": ("the machine stopped it", "机器停止"),
    "still_on": ("still on", "仍在播放"),
    "pleasantness": ("Pleasantness", "愉悦度"),
    "pulse": ("Heart rate", "心率"),
    "epsilon": ("ε", "ε"),
    "mu": ("μ", "μ"),
    "arrow": ("{before} to {after}", "{before} 至 {after}"),
    "more_listens": ("{count} more are in the csv.", "另有 {count} 条见 csv。"),
    "more_sessions": (
        "The newest {shown} of {all} sessions are shown; the csv has all.",
        "仅显示最近的 {shown} 次活动（共 {all} 次）；csv 包含全部。",
    ),
    "paper_e": (
        "ε and μ are those of paper E (Eqs 8, 9): the pulse before the track above the usual one,"
        " and its change. μ is not valid where ε is 0.1 or less. Pulses say little at this age.",
        "ε 和 μ 取自论文 E（公式 8、9）：曲目前脉搏高于平常的比例及其变化。ε 不大于 0.1 时 μ 无效。"
        "对高龄者脉搏说明不了多少。",
    ),
    "ratings": ("Ratings, each rater apart", "评价（各评价者分开）"),
    "rater": ("Rater", "评价者"),
    "count": ("Ratings", "次数"),
    "liked": ("Liked", "喜欢"),
    "disliked": ("Not liked", "不喜欢"),
    "rater_note": (
        "Buttons of the pages rate in the name of the person; who pressed them is in “Who did"
        " what”.",
        "页面上的按钮以此人的名义评价；由谁按下见“操作记录”。",
    ),
    "no_ratings": ("Nobody rated anything.", "没有人评价。"),
    "gaps": ("What the machine did not know", "机器不知道什么"),
    "gap_state": (
        "How the person felt: nothing was said for {unsaid} min and “I don't know” for {unsure}"
        " min, of {length} min.",
        "此人的感受：{length} 分钟中有 {unsaid} 分钟没有任何信息，{unsure} 分钟为“我不知道”。",
    ),
    "gap_ends": (
        "Whether it ended better or worse: not known in {count} of {all} sessions.",
        "结束时更好还是更差：{all} 次活动中有 {count} 次未知。",
    ),
    "gap_heart": (
        "Heart rate: known in {part} of {whole} sessions.",
        "心率：{whole} 次活动中有 {part} 次已知。",
    ),
    "gap_epsilon": (
        "Whether the pulse answered to emotion at all (ε above 0.1): in {part} of {whole} listens.",
        "脉搏是否对情绪有反应（ε 大于 0.1）：{whole} 次聆听中有 {part} 次。",
    ),
    "gap_silent_parts": ("Never heard from: {names}.", "从未收到：{names}。"),
    "gap_planned": (
        "Sessions that were planned but never begun: they leave no recording.",
        "计划但从未开始的活动：没有录制。",
    ),
    "gap_others": (
        "{count} messages were about somebody else and are left out.",
        "有 {count} 条消息与他人有关，已略去。",
    ),
    "gap_why": (
        "Why: pain, thirst, noise, cold, company, the time of day. The music may have had no part"
        " in it.",
        "原因：疼痛、口渴、噪声、寒冷、陪伴、一天中的时间。变化可能与音乐无关。",
    ),
    "definitions": (
        "Definitions: docs/reports.md of emo_music_ros {version}. No medical device, no diagnosis,"
        " no claim that music helped.",
        "定义见 emo_music_ros {version} 的 docs/reports.md。非医疗器械，不作诊断，不声称音乐有效。",
    ),
    "no_glyphs": (
        "{count} characters are in no font of the machine that made this: ? stands for them.",
        "有 {count} 个字符在制作本文件的机器上没有字体：以 ? 代替。",
    ),
    "nothing_there": ("There is no session in these recordings.", "这些录制中没有活动。"),
    "axis_minutes": ("minutes", "分钟"),
    "axis_valence": ("pleasant", "愉悦"),
    "axis_arousal": ("lively", "活跃"),
    "picture": (
        "How the person seemed over {minutes} min, with the {tracks} tracks that sounded and the"
        " pulse.",
        "{minutes} 分钟内此人看起来如何，以及播放的 {tracks} 首曲目和脉搏。",
    ),
}

#: Language -> its words.
REPORT_WORDS = {language: Words(language, CATALOGUE | TEXTS) for language in LANGUAGES}
