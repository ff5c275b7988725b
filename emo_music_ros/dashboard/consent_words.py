# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts of enrolment, consent and privacy: key -> English, Chinese."""

from __future__ import annotations

CONSENT_WORDS: dict[str, tuple[str, str]] = {
    # the notice
    "notice_on": ("This machine watches and listens now.", "本机器正在看和听。"),
    "notice_paused": (
        "Paused: this machine neither watches nor listens, and plays nothing by itself.",
        "已暂停：本机器既不看也不听，也不自行播放。",
    ),
    "notice_ask": (
        "May this machine watch and listen now, to choose music for you?",
        "本机器现在可以看和听，来为您选音乐吗？",
    ),
    "notice_refused": (
        "You said no: this machine neither watches nor listens.",
        "您说了不可以：本机器既不看也不听。",
    ),
    "notice_off": ("This machine neither watches nor listens.", "本机器既不看也不听。"),
    "sensing_pause": ("Stop watching and listening", "停止看和听"),
    "sensing_resume": ("Watch and listen again", "恢复看和听"),
    "sensing_assent": ("Yes", "可以"),
    "sensing_refuse": ("No", "不可以"),
    "sensing_reviewed": ("I looked at why: ask again", "已了解原因：再次询问"),
    # enrolment
    "people": ("People", "住户"),
    "people_what": (
        "Who is enrolled here may be watched and listened to as far as it is ticked, so that music"
        " fits. Say it in plain words: what the machine looks at, what for, who sees it, how long"
        " it is kept, and that no is always possible. Nobody of the staff can be enrolled.",
        "在此登记的人，可在勾选的范围内被看和听，以便音乐合适。请用简单的话说明：机器看什么、为"
        "了什么、"
        "谁能看到、保存多久，以及随时可以说不。工作人员不能登记。",
    ),
    "people_none": ("Nobody has decided anything yet.", "还没有人作出决定。"),
    "enrol": ("Enrol somebody, or change what was decided", "登记，或更改决定"),
    "person": ("Person", "住户"),
    "who_decided": ("Who decides", "由谁决定"),
    "decided_person": ("the person", "本人"),
    "decided_proxy": ("a legal proxy, with a document", "法定代理人，有文件"),
    "decided_advance_wish": ("an earlier written wish", "事先的书面意愿"),
    "decider": ("Name of who decides", "决定者姓名"),
    "document": ("Document that shows it (proxy, wish)", "证明文件（代理、意愿）"),
    "scope": ("What that covers", "其范围"),
    "until_day": ("Until (empty = no end)", "截止日期（空 = 无）"),
    "may": ("What is allowed", "允许什么"),
    "purpose_sensing": (
        "Read how somebody feels, to choose music (without this, nothing below)",
        "感知情绪以选择音乐（否则以下均不进行）",
    ),
    "purpose_face": ("by the face", "通过面部"),
    "purpose_speech": ("by the voice; spoken commands need it, too", "通过声音；语音指令也需要"),
    "purpose_text": ("by the words", "通过文字"),
    "purpose_physiology": ("by pulse, skin and breath", "通过脉搏、皮肤和呼吸"),
    "purpose_eeg": ("by brain waves", "通过脑电"),
    "purpose_interaction": ("by the buttons that are pressed", "通过按键"),
    "purpose_learning": ("Remember what helped", "记住什么有帮助"),
    "purpose_recording": (
        "Keep pictures, sound and signals of sessions",
        "保存活动的图像、声音和信号",
    ),
    "purpose_assent": ("Said when asked at the start", "开始时的回答"),
    "purpose_pause": ("Sensing goes on", "继续感知"),
    "given": ("yes", "是"),
    "withdrawn": ("no", "否"),
    "until_then": ("until {day}", "至 {day}"),
    "enrolled": ("It holds now for {person}.", "现已对 {person} 生效。"),
    "sensed_not": (
        "{person} is enrolled. Nobody who is sensed can have an account of the staff.",
        "{person} 已登记。被感知的人不能有工作人员账户。",
    ),
    "staff_not": (
        "{person} has an account of the staff. Nobody of the staff can be enrolled.",
        "{person} 有工作人员账户。工作人员不能登记。",
    ),
    "change": ("Change", "更改"),
    "own_data": ("Own data (zip)", "个人数据 (zip)"),
    "forget": ("Forget", "忘记"),
    "forget_sure": (
        "Forget {person}: remove everything that is kept",
        "忘记 {person}：删除所有保存的内容",
    ),
    "type_name": ("Type the name to confirm", "输入姓名以确认"),
    "name_differs": ("The name that was typed is another one.", "输入的姓名不一致。"),
    "forgotten_proof": (
        "{person} was forgotten: {records} records were removed.",
        "已忘记 {person}：删除了 {records} 条记录。",
    ),
    "files_removed": ("Files removed", "已删除的文件"),
    "files_left": (
        "May still name the person, and is yours to delete",
        "可能仍含其姓名，需自行删除",
    ),
    "none": ("none", "无"),
    "refused_twice": (
        "Said no twice in a row. Look at why before anybody asks again.",
        "连续两次说不。再次询问前请先了解原因。",
    ),
}
