# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music enrol voice``: learn the voice of a person, by which it is told from others."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_music_ros.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from emo_music_ros.encoding.speech.attribution import Enrolment

#: Time after which no more is waited for speech, as a multiple of what is needed.
PATIENCE = 6.0


def add(commands: Any) -> None:
    """Add the command to the parser."""
    one = commands.add_parser("enrol", help="learn the voice of a person, to tell it from others")
    one.add_argument("what", choices=("voice",))
    one.add_argument("--person", required=True, help="whose voice")
    one.add_argument(
        "--from", dest="files", nargs="+", default=[], help="recordings; default: the microphone"
    )
    one.add_argument("--device", default="", help="microphone: index or part of its name")
    one.add_argument("--seconds", type=float, default=20.0, help="speech that is needed")
    one.add_argument("--consent", default="", help="who agreed to it, such as 'herself'; is stored")
    one.add_argument("--forget", action="store_true", help="remove what is known of the voice")
    one.add_argument("--namespace", default="", help="of the robot or resident")
    one.set_defaults(run=enrol)


def enrol(arguments: argparse.Namespace) -> int:
    """Learn one voice, or remove it.

    Raises
    ------
    InputError
        If consent is missing, or too little speech or more than one voice was heard.
    """
    from emo_music_ros.consent.rules import valid_person
    from emo_music_ros.consent.voices import Enrolled, Voices
    from emo_music_ros.encoding.speech.attribution import LEAST, Enrolment
    from emo_music_ros.encoding.speech.voiceprint import Voiceprint

    person, voices = valid_person(arguments.person), Voices(arguments.namespace)
    if arguments.forget:
        print(f"{len(voices.forget(person))} files of the voice of '{person}' were removed")
        return 0
    if arguments.seconds < LEAST:
        raise InputError(
            f"a voice is not learnt from {arguments.seconds:g} s", f"Give at least {LEAST:g}"
        )
    _agree(person, arguments.namespace, arguments.consent)
    voiceprint = Voiceprint()
    enrolment = Enrolment(voiceprint, arguments.seconds)
    _listen(enrolment, _files(arguments.files) if arguments.files else _microphone(arguments))
    print(f"{enrolment.heard:.1f} s of speech were heard")
    if not enrolment.complete:
        raise InputError(
            f"{enrolment.heard:.1f} s of speech are too few, {arguments.seconds:g} are needed",
            "Let the person speak longer, or give more recordings",
        )
    found = enrolment.result()
    if found is None:
        raise InputError("more than one voice was heard", "Let the person speak alone")
    path = voices.store(
        Enrolled(person, voiceprint.version, tuple(map(float, found)), enrolment.heard, time.time())
    )
    print(f"the voice of '{person}' is kept in {path}")
    return 0


def _agree(person: str, namespace: str, source: str) -> None:
    """Make sure that the person agreed; store that they did if somebody says so."""
    from emo_music_ros.consent.register import default_register
    from emo_music_ros.consent.rules import VOICE, Consent, Consents

    register = default_register(namespace)
    if source:
        register.store([Consent(person, VOICE, True, time.time(), source)])
    refusal = Consents(known=register.consents()).reason(person, VOICE)
    if refusal:
        raise InputError(
            refusal, "Ask, and say who agreed: --consent 'herself', or by the service set_consent"
        )


def _listen(enrolment: Enrolment, sounds: Iterator[NDArray[np.float32]]) -> None:
    """Learn from what is said until it is enough or nothing comes any more."""
    from emo_music_ros.encoding.speech.voice_activity import Endpointer

    cutter = Endpointer()
    for sound in sounds:
        for said in cutter.push(sound):
            enrolment.add(said.samples)
        if enrolment.complete:
            return
    for said in cutter.flush():
        enrolment.add(said.samples)


def _files(names: list[str]) -> Iterator[NDArray[np.float32]]:
    import numpy as np

    from emo_music_ros.encoding.speech.audio_features import RATE
    from emo_music_ros.io.audio import read_mono

    for name in names:
        yield read_mono(Path(name).expanduser(), RATE).samples
        yield np.zeros(RATE, np.float32)  # what is said in two files is no one utterance


def _microphone(arguments: argparse.Namespace) -> Iterator[NDArray[np.float32]]:
    import threading

    import numpy as np

    from emo_music_ros.sensing.microphone import LiveMicrophone, MicrophoneOptions
    from emo_music_ros.streams import AudioBlock

    device = LiveMicrophone(MicrophoneOptions(device=arguments.device))
    print(
        f"'{arguments.person}' should speak for {arguments.seconds:.0f} s now, alone and as always,"
        f" in whole sentences ({device.detail})",
        flush=True,
    )
    end, stop = time.monotonic() + PATIENCE * arguments.seconds, threading.Event()
    try:
        while time.monotonic() < end:
            for block in device.read(stop):
                assert isinstance(block, AudioBlock)
                yield np.asarray(block.samples, np.float32)
    finally:
        device.close()
