# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sentences that the nodes say in English, in the language of a page.

A reason travels as text, so that logs, recordings and other programs have it; here its sentences
are recognised again. What is not known, such as that of a plugin of somebody else, stays as it is.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

#: Sentence in English, with a name for whatever stands in it -> in Chinese.
CHINESE: dict[str, str] = {
    # where music leads to
    "Seems in good spirits: music that keeps it so.": "显得心情很好：用音乐保持。",
    "Seems calm: quiet music that keeps it so.": "显得平静：用安静的音乐保持。",
    "Seems tense: music that meets this mood and leads step by step to calm.": (
        "显得紧张：音乐先贴近这种情绪，再一步步引向平静。"
    ),
    "Seems low: music that meets this mood and leads gently to something brighter.": (
        "显得低落：音乐先贴近这种情绪，再慢慢引向明朗。"
    ),
    "The session leads step by step to a brighter mood.": "本次活动一步步引向更明朗的心情。",
    "The session leads step by step to calm.": "本次活动一步步引向平静。",
    "It is not clear how the person feels: gentle, quiet music to be safe.": (
        "不清楚此人的感受：为稳妥起见播放轻柔安静的音乐。"
    ),
    "Quieter than in the daytime, because it is evening.": "因为是傍晚，比白天更安静。",
    "Quieter than in the daytime, because it is night.": "因为是夜里，比白天更安静。",
    # why this piece
    "{kind}, not judged yet, expected to be liked with {percent} % by a model that learned from"
    " young adults.": "{kind}，尚未评价；一个从年轻人学得的模型预计有 {percent} % 的可能会喜欢。",
    "{kind}; it was judged once and on the whole did good.": "{kind}；评价过一次，总体有好处。",
    "{kind}; it was judged once and on the whole did no good.": (
        "{kind}；评价过一次，总体没有好处。"
    ),
    "{kind}; it was judged once and on the whole changed little.": (
        "{kind}；评价过一次，总体变化不大。"
    ),
    "{kind}; it was judged {times} times and on the whole did good.": (
        "{kind}；评价过 {times} 次，总体有好处。"
    ),
    "{kind}; it was judged {times} times and on the whole did no good.": (
        "{kind}；评价过 {times} 次，总体没有好处。"
    ),
    "{kind}; it was judged {times} times and on the whole changed little.": (
        "{kind}；评价过 {times} 次，总体变化不大。"
    ),
    "Score {score} is the highest of {count} tracks; the attention of all centres on valence"
    " {valence}, arousal {arousal}.": (
        "得分 {score}，在 {count} 首曲目中最高；全部曲目的注意力集中在愉悦度 {valence}、"
        "唤醒度 {arousal}。"
    ),
    "All tracks were heard lately; the one of the highest score is repeated.": (
        "所有曲目最近都听过；重复得分最高的一首。"
    ),
    "A random track of the genres {genres}.": "从这些类型中随机选一首：{genres}。",
    "The feeling is negative: music of positive polarity.": "感受是消极的：选积极的音乐。",
    "The feeling is not negative: music of positive polarity.": "感受并不消极：选积极的音乐。",
    "The next track of a fixed list.": "固定列表中的下一首。",
    "No track has earned anything yet: any of them.": "还没有曲目得到过评价：任选一首。",
    "The track that has earned most so far.": "迄今效果最好的一首。",
    "The track whose upper bound of reward in this mood is highest.": (
        "在这种情绪下效果上限最高的一首。"
    ),
    "The library has nothing of that mood to play now; the nearest is chosen.": (
        "曲库中现在没有这种情绪的音乐；选择最接近的。"
    ),
    "The library has nothing between, so that the change is large.": (
        "曲库中没有居中的音乐，因此变化较大。"
    ),
    "No track of the library is of that kind, so that any is chosen.": (
        "曲库中没有这一类曲目，因此任选一首。"
    ),
    "Music for the group.": "为大家播放的音乐。",
    "Planned as '{plan}': piece {number} of {count}.": (
        "按计划“{plan}”：第 {number} 首，共 {count} 首。"
    ),
    # what the rules left
    "Own songs only, as the risk of a bad reaction counts as high or somebody is tense.": (
        "只播放自己的歌，因为不良反应的风险视为较高，或有人紧张。"
    ),
    "Own songs only while the person is tense.": "此人紧张时只播放自己的歌。",
    "Songs in minor keys are left out.": "不播放小调歌曲。",
    "None of them is below 80 a minute.": "其中没有一首低于每分钟 80 拍。",
    "No own song fits and nothing else may be played now: no music.": (
        "没有合适的自己的歌，现在也不能播放其他音乐：不播放音乐。"
    ),
    "No own songs are entered: gentle music stands in for them.": (
        "没有登记自己的歌：用轻柔的音乐代替。"
    ),
    "Neither own songs nor gentle music in the library: the least unpleasant.": (
        "曲库中既没有自己的歌，也没有轻柔的音乐：选最不令人不快的。"
    ),
    "What was entered for everybody in the group was kept.": "遵守了为每位成员登记的内容。",
    "Nothing in the library may be played now: no music.": "曲库中现在没有可以播放的：不播放音乐。",
    "The music library is empty: nothing can be played.": "曲库是空的：无法播放。",
    # silence
    "Nobody has been here for some minutes: the music fades and waits.": (
        "几分钟没有人在：音乐渐弱并等待。"
    ),
    "Without consent the music fades out and nothing is recorded.": (
        "没有同意：音乐渐弱停止，不作任何记录。"
    ),
    "One of the group stopped the music.": "有一位成员停止了音乐。",
    "The list of '{plan}' is empty.": "“{plan}”的列表是空的。",
    "The list of '{plan}' is at its end.": "“{plan}”的列表已播完。",
    "Seems distressed: the music fades out and rests for {minutes} minutes, and '{title}' is kept"
    " back until somebody chooses it again.": (
        "显得难受：音乐渐弱并停止 {minutes} 分钟；“{title}”在有人再次选择之前不再播放。"
    ),
    "The music fades out and rests for {minutes} minutes, and '{title}' is kept back until somebody"
    " chooses it again.": "音乐渐弱并停止 {minutes} 分钟；“{title}”在有人再次选择之前不再播放。",
    "Please look after the person.": "请去看看此人。",
    "Please look after everybody.": "请去看看大家。",
    # what to know of the sound
    "not calibrated": "未校准。",
    "this week's dose of sound is used up ({share} %)": "本周的声音剂量已用完（{share} %）。",
    "{share} % of this week's dose of sound is used": "本周的声音剂量已用 {share} %。",
}
#: What a piece is called in its sentence.
_KINDS = {
    "Your song from {year}": "您 {year} 年的歌",
    "Your song": "您的歌",
    "Music by {artist} from {year}": "{artist} {year} 年的音乐",
    "Music by {artist}": "{artist} 的音乐",
    "Music from {year}": "{year} 年的音乐",
    "Music": "音乐",
}


@lru_cache(maxsize=64)  # pages are drawn several times a second, mostly with the same reason
def spoken(text: str, language: str) -> str:
    """Return what a node said in a language of the pages; in English as it is."""
    if language != "zh":
        return text
    found, rest = [], text.strip()
    while rest:
        for pattern, sentence in _patterns():
            match = pattern.match(rest)
            if match:
                values = match.groupdict()
                if "kind" in values:
                    values["kind"] = _kind(values["kind"])
                found.append(sentence.format(**values))
                break
        else:
            match = re.match(r".*?[.!?](?=\s|$)|.+", rest, re.DOTALL)
            assert match is not None
            found.append(match[0])
        rest = rest[match.end() :].lstrip(", \n")
    return "".join(found)


def _kind(text: str) -> str:
    for kind, chinese in _KINDS.items():
        match = re.fullmatch(_expression(kind), text)
        if match:
            return chinese.format(**match.groupdict())
    return text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # One that begins with whatever stands in it would take the sentences before with it.
    order = sorted(CHINESE, key=lambda english: english.startswith("{"))
    return tuple((re.compile(_expression(each) + r"(?=[\s,]|$)"), CHINESE[each]) for each in order)


def _expression(text: str) -> str:
    """Return a regular expression of a sentence, with a group for every name in it."""
    parts = re.split(r"\{(\w+)\}", text)
    return "".join(
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
