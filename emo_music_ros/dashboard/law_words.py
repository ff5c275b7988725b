# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts of law and privacy (of secondary sources, no advice): key -> English, Chinese."""

from __future__ import annotations

#: Heading -> its lines, in the order of the page.
LAW_PARTS: dict[str, tuple[str, ...]] = {
    "law_machine": ("law_wrong", "law_no_claim", "law_exit"),
    "law_act": ("law_place", "law_high", "law_notice", "law_logs", "law_words_only"),
    "law_gdpr": ("law_special", "law_consent", "law_assent", "law_rights", "law_home"),
    "law_kept": (
        *("kept_recordings", "kept_summaries", "kept_raw", "kept_calls", "kept_memory"),
        *("kept_consent", "kept_audit", "kept_words", "kept_logs"),
    ),
    "law_yours": (
        *("yours_purpose", "yours_dpia", "yours_ask", "yours_staff", "yours_oversight"),
        *("yours_logs", "yours_access", "yours_country"),
    ),
}

LAW_WORDS: dict[str, tuple[str, str]] = {
    "law": ("Law and privacy", "法律与隐私"),
    "law_no_advice": (
        "What the law asks, how it is met here, and what whoever runs this has to do. Taken from"
        " secondary sources in November 2026; it is no legal advice.",
        "法律的要求、本系统如何满足，以及运行者须做的事。依据 2026 年 11 月的二手资料；并非法律"
        "意见。",
    ),
    "law_machine": ("This is a machine", "这是一台机器"),
    "law_wrong": (
        "It chooses music by how somebody seems. It can be wrong, and says so where it does not"
        " know.",
        "它根据人的状态选择音乐。它可能出错；不知道时会说明。",
    ),
    "law_no_claim": (
        "It is no medical device, makes no diagnosis, promises no effect on health, and is no nurse"
        " call.",
        "它不是医疗器械，不作诊断，不承诺对健康有任何效果，也不是呼叫护士的铃。",
    ),
    "law_exit": (
        "Everybody may say no or stop at any time, by word or by one button, without giving a"
        " reason; a carer is the contact in an emergency.",
        "任何人随时可以说不或停止，口头或按一个按钮即可，无需理由；紧急情况请联系护理员。",
    ),
    "law_act": ("EU AI Act (2024/1689)", "欧盟人工智能法（2024/1689）"),
    "law_place": (
        "Art. 5(1)(f) forbids to infer emotions at work and in education but for medical or safety"
        " reasons, since 2 February 2025. A care home is a place of work: nobody of the staff"
        " can be"
        " enrolled, and of whoever is not enrolled nothing is inferred from face or voice.",
        "第 5 条第 1 款 (f) 项自 2025 年 2 月 2 日起禁止在工作和教育场所推断情绪（医疗或安全原因"
        "除外）。"
        "养老院是工作场所：工作人员不能登记；未登记者的面部和声音不用于推断。",
    ),
    "law_high": (
        "Elsewhere recognising emotions from face, voice or body is of high risk (Annex III 1(c)),"
        " with duties from 2 December 2027; confirm the date in the Official Journal.",
        "在其他场合，从面部、声音或身体识别情绪属于高风险（附件三第 1 (c) 项），义务自 2027 年"
        " 12 月 2 日起；"
        "日期请以官方公报为准。",
    ),
    "law_notice": (
        "Art. 50(3) asks to tell people, since 2 August 2026: the notice with the lamp stands on"
        " every page that is for a person, and the robot asks at the start.",
        "第 50 条第 3 款自 2026 年 8 月 2 日起要求告知：与人相关的每个页面都有带灯的提示，机器在"
        "开始时询问。",
    ),
    "law_logs": (
        "Art. 26(6) asks to keep logs for six months or longer: who did what is kept by account. It"
        " names nobody who is sensed, so that they can be forgotten all the same.",
        "第 26 条第 6 款要求日志保存至少六个月：操作记录按账户保存，不含被感知者的姓名，因此仍可"
        "忘记其人。",
    ),
    "law_words_only": (
        "Words alone are outside its definition; face, voice and pulse are inside.",
        "仅文字不在其定义之内；面部、声音和脉搏在内。",
    ),
    "law_gdpr": ("GDPR (2016/679)", "通用数据保护条例（2016/679）"),
    "law_special": (
        "Art. 9: health, what is inferred of feelings, and tastes that may tell of religion,"
        " such as"
        " hymns, need explicit consent. It is asked for by purpose and modality.",
        "第 9 条：健康、推断的情绪以及可能透露宗教信仰的喜好（如圣歌）需要明确同意。按用途和方式"
        "分别征求。",
    ),
    "law_consent": (
        "Who decided is kept: the person, a legal proxy with document, scope and end, or an earlier"
        " wish. No is as easy as yes, and holds at once.",
        "保存由谁决定：本人、附有文件、范围和期限的法定代理人，或事先的意愿。说不与说可以同样容"
        "易，并立即生效。",
    ),
    "law_assent": (
        "A proxy does not replace the person: they are asked at each start, and two refusals in a"
        " row end it until somebody looked at why.",
        "代理不能取代本人：每次开始时都会询问；连续两次拒绝则停止，直到有人了解原因。",
    ),
    "law_rights": (
        "Art. 15, 17 and 20: own data as csv and json, and being forgotten with a list as"
        " proof, are"
        " on the page of people.",
        "第 15、17、20 条：以 csv 和 json 导出个人数据，以及附清单证明的忘记，均在住户页面。",
    ),
    "law_home": (
        "Everything stays on this machine. Only calls to carers go out, where that was set up:"
        " where"
        " to look in, and neither why nor how somebody feels.",
        "一切都留在本机。只有在设置后才会发出护理呼叫：只说去哪里看，不说原因和感受。",
    ),
    "law_kept": ("What is kept, and how long", "保存什么、多久"),
    "kept_recordings": (
        "Recordings of sessions: 90 days, unless keep_days of the node session says otherwise."
        " Older ones are removed every hour.",
        "活动录制：90 天，除非 session 节点的 keep_days 另有规定。过期的每小时删除。",
    ),
    "kept_summaries": ("Summaries of sessions: as long.", "活动摘要：同样。"),
    "kept_raw": (
        "Pictures, sound and signals: not at all, unless the person agreed to just that and"
        " record_raw is on; then as long as recordings.",
        "图像、声音和信号：不保存，除非本人专门同意且 record_raw 打开；此时与录制同样。",
    ),
    "kept_calls": (
        "Calls to carers: 90 days, unless keep_days of the node notifying says otherwise.",
        "护理呼叫：90 天，除非 notifying 节点的 keep_days 另有规定。",
    ),
    "kept_memory": (
        "What was learned of a taste: until the person is forgotten.",
        "学到的喜好：直到忘记该人。",
    ),
    "kept_consent": (
        "Who agreed: until the person is forgotten; a no stays, so that it is not asked again by"
        " mistake.",
        "同意情况：直到忘记该人；拒绝会保留，以免误再询问。",
    ),
    "kept_audit": (
        "Who did what on these pages: always. It names accounts, and nobody who is sensed.",
        "页面操作记录：一直保存。只含账户名，不含被感知者的姓名。",
    ),
    "kept_words": (
        "Words that carers type for a try: not kept by the pages.",
        "护理员试输入的文字：页面不保存。",
    ),
    "kept_logs": (
        "Logs of ROS may name whom a run was for. They are yours to remove.",
        "ROS 日志可能含运行对象的姓名，需由您删除。",
    ),
    "law_yours": ("What whoever runs this has to do", "运行者须做的事"),
    "yours_purpose": (
        "Use it for music and company only. Say nowhere that it treats, lowers agitation or detects"
        " an illness: by such words it would become a medical device (MDR Art. 2(12)).",
        "仅用于音乐和陪伴。任何地方都不要说它能治疗、减轻激越或发现疾病：那样它会成为医疗器械（"
        "MDR 第 2 条第 12 款）。",
    ),
    "yours_dpia": (
        "Make a data protection impact assessment (Art. 35) before the first person is enrolled;"
        " docs/privacy.md has a template.",
        "在登记第一个人之前进行数据保护影响评估（第 35 条）；docs/privacy.md 有模板。",
    ),
    "yours_ask": (
        "Ask each person in plain words, and check the documents of a proxy.",
        "用简单的话询问每个人，并核对代理人的文件。",
    ),
    "yours_staff": (
        "Tell staff and visitors where cameras and microphones are, and place them so that they see"
        " and hear the person only.",
        "告知工作人员和访客摄像头和麦克风的位置，并使其只看到和听到本人。",
    ),
    "yours_oversight": (
        "Have somebody there who can stop it, and who knows that it can be wrong.",
        "须有人在场能够停止它，并知道它可能出错。",
    ),
    "yours_logs": (
        "Keep the file dashboard-audit.sqlite for six months or longer, and remove the logs of"
        " ROS.",
        "将文件 dashboard-audit.sqlite 保存至少六个月，并删除 ROS 日志。",
    ),
    "yours_access": (
        "Give everybody an account of their own with no more rights than needed; serve pages on a"
        " network by TLS only; encrypt the disk.",
        "为每个人设立权限尽可能小的账户；在网络上仅用 TLS 提供页面；加密磁盘。",
    ),
    "yours_country": (
        "Look up the law of your country. China: rules for personified emotional services, since 15"
        " July 2026, ask to say that it is a machine, for a contact in an emergency, and for an"
        " easy"
        " exit.",
        "查阅所在国家的法律。中国：自 2026 年 7 月 15 日起的拟人化情感服务规定要求说明其为机器、"
        "提供紧急联系人和便捷退出。",
    ),
}
