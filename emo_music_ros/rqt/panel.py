# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The panel: how the person seems, what plays and why, and the buttons for the player."""

from __future__ import annotations

import time
from concurrent.futures import Future as Promise
from functools import partial
from typing import Any

from python_qt_binding.QtCore import QLocale, QSize, Qt, QTimer
from python_qt_binding.QtWidgets import (
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QStyle,
    QVBoxLayout,
    QWidget,
)
from rclpy.exceptions import InvalidNamespaceException
from rqt_gui_py.plugin import Plugin

from emo_music_ros.dashboard.telling import Share
from emo_music_ros.dashboard.words import WORDS, Words, preferred
from emo_music_ros.rqt.robot import PATIENCE, Robot, robots
from emo_music_ros.rqt.shown import Shown, shown
from emo_music_ros.rqt.widgets import Line, Plane, whole

#: What is shown is shown anew this often, and robots are looked for this often [ms].
_REFRESH, _LOOK = 200, 1000
#: Button -> its standard icon.
_BUTTONS = {
    "play": "SP_MediaPlay",
    "pause": "SP_MediaPause",
    "skip": "SP_MediaSkipForward",
    "stop": "SP_MediaStop",
}
#: Room for name, bar and note of a modality.
_COLUMNS = (4, 3, 11)
_LEVEL_ICONS = {
    "ok": "SP_DialogApplyButton",
    "warn": "SP_MessageBoxWarning",
    "error": "SP_MessageBoxCritical",
}


class CompanionPanel(Plugin):
    """The plugin that rqt loads.

    Parameters
    ----------
    context : rqt_gui.ros2_plugin_context.Ros2PluginContext
        What rqt hands every plugin: its node, and where widgets go.
    """

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.setObjectName("CompanionPanel")
        self._node = context.node
        self._name = f"{self._node.get_name()}_companion_{context.serial_number()}"
        self._words = WORDS[preferred(QLocale().name())]
        self._found: list[str] = []
        self._chosen = ""  # namespace that was chosen here; empty = the first robot there is
        self._robot = Robot(self._name, "/", self._node.context)
        self._asked: tuple[str, Promise[None], float] | None = None
        self.widget = Face(self._words)
        self.widget.robot.activated.connect(self._choose)
        for name, button in self.widget.buttons.items():
            button.clicked.connect(partial(self._press, name))
        self.widget.volume.valueChanged.connect(self._louder)
        number = f" ({context.serial_number()})" if context.serial_number() > 1 else ""
        self.widget.setWindowTitle(self._words("panel") + number)
        context.add_widget(self.widget)
        self._look()
        self._timers = [self._every(_REFRESH, self._refresh), self._every(_LOOK, self._look)]

    def shutdown_plugin(self) -> None:
        """Let go of the robot; called by rqt."""
        for timer in self._timers:
            timer.stop()
        self._robot.close()

    def save_settings(self, plugin_settings: Any, instance_settings: Any) -> None:
        """Keep which robot was chosen; called by rqt."""
        instance_settings.set_value("namespace", self._chosen)

    def restore_settings(self, plugin_settings: Any, instance_settings: Any) -> None:
        """Turn to the robot that was chosen; called by rqt."""
        self._chosen = str(instance_settings.value("namespace", "") or "")
        self._look()

    def _every(self, period: int, callback: Any) -> QTimer:
        timer = QTimer(self.widget)
        timer.timeout.connect(callback)
        timer.start(period)
        return timer

    def _choose(self, index: int) -> None:
        self._chosen = self.widget.robot.itemText(index)
        self._look()

    def _look(self) -> None:
        """Look for robots, and turn to the one that is chosen."""
        self._found = robots(self._node)
        wanted = self._chosen or next(iter(self._found), self._robot.namespace)
        if wanted != self._robot.namespace:
            try:
                robot = Robot(self._name, wanted, self._node.context)
            except InvalidNamespaceException:  # of settings that somebody edited
                self._chosen = ""
                return
            self._robot.close()
            self._robot = robot
            self._asked = None
            self.widget.answer.setText("")
        self.widget.show_robots(sorted({*self._found, wanted}), wanted)
        self._refresh()

    def _refresh(self) -> None:
        self._hear()
        now = self._robot.snapshot()
        held = self._asked is not None and self._asked[0] == "volume"
        self.widget.show_all(shown(now, self._words, self._robot.namespace, self._found), held=held)

    def _louder(self, percent: int) -> None:
        self._press("volume", value=percent / 100)

    def _press(self, name: str, _checked: bool = False, *, value: float = 0.0) -> None:
        if self._asked is not None:
            self._asked[1].cancel()  # who presses another button waits for that
        self._asked = (name, self._robot.ask(name, value), time.monotonic() + PATIENCE)
        self.widget.answer.setText(self._words("asked", what=self._words(name)))

    def _hear(self) -> None:
        """Show the answer to the last button."""
        if self._asked is None:
            return
        name, promise, until = self._asked
        if promise.done():
            error = promise.exception()
            key, told = ("not_done", str(error)) if error else ("done", "")
            text = self._words(key, reason=told, what=self._words(name))
        elif time.monotonic() > until:
            promise.cancel()
            text = self._words("not_done", reason=self._words("no_answer"))
        else:
            return
        self._asked = None
        self.widget.answer.setText(text)


class Face(QScrollArea):
    """Everything that is seen of the panel.

    Parameters
    ----------
    words : Words
        The language.
    """

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.setObjectName("CompanionFace")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._words = words
        self.robot = QComboBox()
        self._person, self._notice = Line(), _paragraph()
        self._state, self._note = Line(1.6, bold=True), _paragraph()
        self._plane = Plane(words)
        self._no_shares = _paragraph(words("no_parts"))
        self._shares = QGridLayout()
        self._rows: list[tuple[Line, QProgressBar, Line]] = []
        self._title, self._artist = Line(1.25, bold=True), Line()
        self._progress = _bar()
        self._playback, self._session = Line(), Line()
        self._warning, self._why = _paragraph(), _paragraph()
        self.buttons = {name: QPushButton(words(name)) for name in _BUTTONS}
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self._percent = QLabel()
        self.answer = _paragraph()
        self._nodes = QListWidget()
        self._build()

    def show_robots(self, names: list[str], chosen: str) -> None:
        """Offer robots to choose from."""
        if [self.robot.itemText(index) for index in range(self.robot.count())] != names:
            self.robot.clear()
            self.robot.addItems(names)
        self.robot.setCurrentText(chosen)

    def show_all(self, now: Shown, *, held: bool = False) -> None:
        """Show everything; the volume stays where it is while it is `held`."""
        self._notice.setText(now.notice)
        self._notice.setVisible(bool(now.notice))
        self._person.setText(now.person)
        self._state.setText(now.state)
        self._note.setText(now.note)
        self._plane.show_places(now.places)
        self._show_shares(now.shares)
        self._title.setText(now.title)
        self._artist.setText(" · ".join(filter(None, (now.artist, now.status))))
        self._progress.setValue(round(1000 * (now.progress or 0.0)))
        self._playback.setText(now.playback)
        self._warning.setText(now.warning)
        self._warning.setVisible(bool(now.warning))
        self._why.setText(now.why)
        self._session.setText(f"{self._words('session')}: {now.session}")
        for button in (*self.buttons.values(), self.volume):
            button.setEnabled(now.steerable)
        if not held and not self.volume.isSliderDown():
            self.volume.blockSignals(True)
            self.volume.setValue(now.volume or 0)
            self.volume.blockSignals(False)
            self._percent.setText("–" if now.volume is None else f"{now.volume} %")
        self._show_nodes(now.nodes)

    def _show_shares(self, shares: tuple[Share, ...]) -> None:
        self._no_shares.setVisible(not shares)
        while len(self._rows) < len(shares):
            row = (Line(), _bar(), Line())
            for column, widget in enumerate(row):
                self._shares.addWidget(widget, len(self._rows), column)
            self._rows.append(row)
        for number, row in enumerate(self._rows):
            for widget in row:
                widget.setVisible(number < len(shares))
        for (label, bar, note), each in zip(self._rows, shares):
            label.setText(each.label)
            bar.setValue(round(1000 * each.weight))
            note.setText(each.note)

    def _show_nodes(self, nodes: tuple[tuple[str, str], ...]) -> None:
        lines = nodes or (("warn", self._words("no_nodes")),)
        while self._nodes.count() < len(lines):
            self._nodes.addItem(QListWidgetItem())
        while self._nodes.count() > len(lines):
            self._nodes.takeItem(self._nodes.count() - 1)
        for index, (level, text) in enumerate(lines):
            item = self._nodes.item(index)
            if item.text() != text:
                item.setText(text)
                item.setToolTip(whole(text))
                item.setIcon(self._icon(_LEVEL_ICONS[level]))

    def _build(self) -> None:
        choice = QHBoxLayout()
        choice.addWidget(QLabel(self._words("robot")))
        choice.addWidget(self.robot, 1)
        choice.addWidget(self._person, 1)

        feels = QVBoxLayout()
        for widget in (self._state, self._note, QLabel(self._words("parts")), self._no_shares):
            feels.addWidget(widget)
        feels.addLayout(self._shares)
        feels.addStretch(1)
        for column, stretch in enumerate(_COLUMNS):
            self._shares.setColumnStretch(column, stretch)
        both = QHBoxLayout()
        both.addLayout(feels, 2)
        both.addWidget(self._plane, 1)

        music = QVBoxLayout()
        for widget in (self._title, self._artist, self._progress, self._playback):
            music.addWidget(widget)
        for widget in (self._warning, self._why, self._session):
            music.addWidget(widget)
        row = QHBoxLayout()
        for name, button in self.buttons.items():
            button.setIcon(self._icon(_BUTTONS[name]))
            row.addWidget(button)
        music.addLayout(row)
        loud = QHBoxLayout()
        loud.addWidget(QLabel(self._words("volume")))
        loud.addWidget(self.volume, 1)
        loud.addWidget(self._percent)
        music.addLayout(loud)
        music.addWidget(self.answer)
        self.volume.setRange(0, 100)
        self.volume.setPageStep(5)
        self.volume.setTracking(False)  # told when it is let go, not on the way
        self.volume.wheelEvent = lambda event: event.ignore()  # nobody scrolls to be louder

        whole = QVBoxLayout()
        whole.addLayout(choice)
        whole.addWidget(self._notice)
        for title, content in (("feels", both), ("music", music)):
            whole.addWidget(_group(self._words(title), content))
        health = QVBoxLayout()
        health.addWidget(self._nodes)
        self._nodes.setMinimumHeight(60)
        self._nodes.setIconSize(QSize(16, 16))
        self._nodes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole.addWidget(_group(self._words("nodes"), health), 1)
        inside = QWidget()
        inside.setLayout(whole)
        self.setWidget(inside)

    def _icon(self, name: str) -> Any:
        return self.style().standardIcon(getattr(QStyle.StandardPixmap, name))


def _paragraph(text: str = "") -> QLabel:
    """Return text of several lines that is never taken for markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)  # the longest word widens nothing
    label.setSizePolicy(policy)
    return label


def _bar() -> QProgressBar:
    bar = QProgressBar()
    bar.setRange(0, 1000)
    bar.setTextVisible(False)
    bar.setMaximumHeight(10)
    bar.setMinimumWidth(30)
    return bar


def _group(title: str, layout: Any) -> QGroupBox:
    group = QGroupBox(title)
    group.setLayout(layout)
    return group
