# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What somebody asks for reaches the player, and a call for help the carer."""

import numpy as np
import soundfile
from std_msgs.msg import Header, String

from emo_music_ros import msg, srv


def test_a_stop_that_is_typed_silences_the_player_and_help_is_told(probe, start, until, tmp_path):
    soundfile.write(tmp_path / "song.wav", np.sin(np.arange(22050 * 20) / 50) * 0.2, 22050)
    start("player", plugin="null", folder__path=str(tmp_path), any_file=True)
    start("talking", plugin="none", voice="none", person_id="ada")
    lines = probe.listen(String, "robot/say")
    calls = probe.listen(String, "carer/call")
    states = probe.listen(msg.PlayerState, "player/state")
    says = probe.publisher(msg.Utterance, "conversation/utterance")
    song = srv.PlayTrack.Request(path=str(tmp_path / "song.wav"))
    assert probe.call(srv.PlayTrack, "player/play", song).success
    until(lambda: states and states[-1].status == msg.PlayerState.PLAYING, "the song")

    def say(text, language):
        header = Header(stamp=probe.stamp())
        said = msg.Utterance(header=header, source="live:test", text=text, language=language)
        said.confidence = 1.0
        says.publish(said)

    say("stop the music, please", "en")
    until(lambda: states[-1].status == msg.PlayerState.STOPPED, "silence")
    until(lambda: lines, "an answer")
    say("救命", "zh")
    until(lambda: calls, "the call for help")
    assert calls[0].data == "ada called for help"
