# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Python metadata and entry points.

CMakeLists.txt installs the package; this file tells it, and any other tool, which plugins and
commands the package offers.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
VERSION = re.search(
    r'^__version__ = "(.+)"$', (HERE / "emo_music_ros" / "__init__.py").read_text(), re.MULTILINE
).group(1)

setup(
    name="emo_music_ros",
    version=VERSION,
    description="Sense how somebody feels and play the music that helps",
    author="emo_music_ros maintainers",
    author_email="maintainers@users.noreply.github.com",
    license="Apache-2.0",
    packages=find_packages(include=["emo_music_ros", "emo_music_ros.*"]),
    package_data={
        "emo_music_ros": [
            "py.typed",
            "training/text/sentences/*.tsv",
            "dashboard/static/*",
            "talking/*.tsv",
            "training/talking/*.tsv",
        ]
    },
    python_requires=">=3.10",
    entry_points={
        "console_scripts": ["emo-music = emo_music_ros.cli:main"],
        "emo_music_ros.source": [
            "camera = emo_music_ros.sensing.camera:Camera",
            "microphone = emo_music_ros.sensing.microphone:Microphone",
            "audio_file = emo_music_ros.sensing.microphone:AudioFile",
            "lsl = emo_music_ros.sensing.lsl:LslInlets",
            "terminal = emo_music_ros.sensing.conversation:Terminal",
            "folder = emo_music_ros.sensing.replay:FolderReplay",
            "mcap = emo_music_ros.sensing.mcap:McapReplay",
            "demo = emo_music_ros.sensing.demo:Demo",
            "none = emo_music_ros.sensing.base:Nothing",
        ],
        "emo_music_ros.encoder": [
            "face = emo_music_ros.encoding.face.encoder:FaceEncoder",
            "face_vgg19 = emo_music_ros.encoding.face.encoder:Vgg19FaceEncoder",
            "speech = emo_music_ros.encoding.speech.encoder:SpeechEncoder",
            "speech_lstm = emo_music_ros.encoding.speech.lstm:LstmSpeechEncoder",
            "text = emo_music_ros.encoding.text.encoder:TextEncoder",
            "text_bigru = emo_music_ros.encoding.text.bigru:BiGruTextEncoder",
            "text_huggingface = emo_music_ros.encoding.text.huggingface:HuggingFaceTextEncoder",
            "physiology = emo_music_ros.encoding.physiology.encoder:PhysiologyEncoder",
            "eeg = emo_music_ros.encoding.eeg.encoder:EegEncoder",
            "music = emo_music_ros.encoding.music.encoder:MusicEncoder",
            "music_forest = emo_music_ros.encoding.music.encoder:ForestMusicEncoder",
            "music_cnn = emo_music_ros.encoding.music.encoder:CnnMusicEncoder",
            "interaction = emo_music_ros.encoding.interaction.encoder:InteractionEncoder",
        ],
        "emo_music_ros.fusion": [
            "learned = emo_music_ros.fusion.learned:LearnedFusion",
            "logpool = emo_music_ros.fusion.strategies:LogPoolFusion",
            "weighted = emo_music_ros.fusion.strategies:WeightedFusion",
            "select = emo_music_ros.fusion.strategies:SelectFusion",
            "average = emo_music_ros.fusion.strategies:AverageFusion",
            "single = emo_music_ros.fusion.strategies:SingleModality",
            "attention = emo_music_ros.fusion.temporal:AttentionFusion",
            "compressed = emo_music_ros.fusion.temporal:CompressedFusion",
        ],
        "emo_music_ros.recommender": [
            "therapeutic = emo_music_ros.recommendation.policy.therapeutic:TherapeuticRecommender",
            "random = emo_music_ros.recommendation.policy.therapeutic:RandomRecommender",
            "companion = emo_music_ros.recommendation.policy.companion:Companion",
            "paper_a = emo_music_ros.recommendation.policy.paper_a:PaperA",
            "genre_table = emo_music_ros.recommendation.policy.simple:GenreTable",
            "polarity_rules = emo_music_ros.recommendation.policy.simple:PolarityRules",
            "fixed_playlist = emo_music_ros.recommendation.policy.simple:FixedPlaylist",
            "bandit = emo_music_ros.recommendation.policy.bandit:Bandit",
            "popular = emo_music_ros.recommendation.policy.simple:Popular",
        ],
        "emo_music_ros.catalogue": [
            "folder = emo_music_ros.recommendation.library.folder:FolderCatalogue",
            "playlist = emo_music_ros.recommendation.library.playlist:PlaylistCatalogue",
            "mpd = emo_music_ros.recommendation.library.mpd:MpdCatalogue",
            "navidrome = emo_music_ros.recommendation.library.subsonic:SubsonicCatalogue",
            "spotify = emo_music_ros.recommendation.library.spotify:SpotifyCatalogue",
            "large = emo_music_ros.recommendation.library.indexed:LargeCatalogue",
        ],
        "emo_music_ros.player": [
            "pyaudio = emo_music_ros.playback.backends:PyAudioBackend",
            "pulse = emo_music_ros.playback.pulse:PulseBackend",
            "null = emo_music_ros.playback.backends:NullBackend",
            "mpd = emo_music_ros.playback.mpd:MpdPlayer",
            "spotify = emo_music_ros.playback.spotify:SpotifyPlayer",
        ],
        "emo_music_ros.recogniser": [
            "pocketsphinx = emo_music_ros.talking.recognisers.pocketsphinx:PocketSphinx",
            "vosk = emo_music_ros.talking.recognisers.vosk:Vosk",
            "faster_whisper = emo_music_ros.talking.recognisers.whisper:FasterWhisper",
            "keywords = emo_music_ros.talking.recognisers.keywords:Keywords",
            "none = emo_music_ros.talking.base:NoRecogniser",
        ],
        "emo_music_ros.voice": [
            "espeak = emo_music_ros.talking.espeak:Espeak",
            "none = emo_music_ros.talking.base:NoVoice",
        ],
        "emo_music_ros.notifier": [
            "webhook = emo_music_ros.notifying.webhook:Webhook",
            "mqtt = emo_music_ros.notifying.mqtt:Mqtt",
            "email = emo_music_ros.notifying.mail:Mail",
            "none = emo_music_ros.notifying.base:NoNotifier",
        ],
    },
)
