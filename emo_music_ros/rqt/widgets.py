# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Widgets of the panel that Qt has not got."""

from __future__ import annotations

import html
from typing import Any

from python_qt_binding.QtCore import QPointF, QRectF, QSize, Qt
from python_qt_binding.QtGui import QPainter, QPalette, QPen, QPolygonF, QTextOption
from python_qt_binding.QtWidgets import QLabel, QSizePolicy, QWidget

from emo_music_ros.dashboard.telling import Places, Point
from emo_music_ros.dashboard.words import Words

#: Smallest and preferred width and height of the plane [pixels].
_SMALLEST, _PREFERRED = 150, 220
#: Radius of a point on the plane [pixels].
_RADIUS = 6.0
#: What is pointed at: the person now, and what the music aims at.
_POINTS = ("at_now", "at_target")


class Line(QLabel):
    """One line of text that is cut where the room ends; the whole is in its tool tip.

    Text is never taken for markup.
    """

    def __init__(self, scale: float = 1.0, *, bold: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * scale)
        font.setBold(bold)
        self.setFont(font)

    def paintEvent(self, event: Any) -> None:  # noqa: N802 - a name of Qt
        """Draw what there is room for."""
        painter = QPainter(self)
        width = self.contentsRect().width()
        cut = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)
        _write(painter, QRectF(self.contentsRect()), cut, Qt.AlignmentFlag.AlignVCenter)
        tip = "" if cut == self.text() else whole(self.text())
        if self.toolTip() != tip:
            self.setToolTip(tip)


class Plane(QWidget):
    """Valence to the right, arousal up: where the person was, is, and what the music aims at."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self._places = Places(None, None, ())
        self.setMinimumSize(_SMALLEST, _SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a square."""
        return QSize(_PREFERRED, _PREFERRED)

    def show_places(self, places: Places) -> None:
        """Show other places."""
        if places != self._places:
            self._places = places
            self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Draw the plane, and below it what its points are."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = painter.fontMetrics().height()
        side = min(self.width(), self.height() - line) - 4
        square = QRectF((self.width() - side) / 2, 1, side, side)
        self._draw_axes(painter, square, line)
        self._draw_places(painter, square)
        x, y = square.left() + _RADIUS + 2, square.bottom() + 2 + line / 2
        for name in _POINTS:
            self._draw_point(painter, QPointF(x, y), name)
            x += _RADIUS + 4
            word = self._words(name)
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            painter.drawText(QPointF(x, y + painter.fontMetrics().ascent() / 2 - 1), word)
            x += painter.fontMetrics().boundingRect(word).width() + 3 * _RADIUS

    def _draw_axes(self, painter: QPainter, square: QRectF, line: int) -> None:
        faint = self.palette().color(QPalette.ColorRole.Mid)
        painter.fillRect(square, self.palette().base())
        painter.setPen(QPen(faint, 1))
        painter.drawRect(square)
        middle = square.center()
        painter.drawLine(QPointF(square.left(), middle.y()), QPointF(square.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), square.top()), QPointF(middle.x(), square.bottom()))
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        inside = square.adjusted(4, 2, -4, -2)
        above = QRectF(inside.left(), middle.y() - line, inside.width(), line)
        beside = QRectF(middle.x() + 4, inside.top(), inside.width() / 2, inside.height())
        for box, place, name in (
            (above, Qt.AlignmentFlag.AlignLeft, "unpleasant"),
            (above, Qt.AlignmentFlag.AlignRight, "pleasant"),
            (beside, Qt.AlignmentFlag.AlignTop, "lively"),
            (beside, Qt.AlignmentFlag.AlignBottom, "quiet"),
        ):
            _write(painter, box, self._words(name), place)

    def _draw_places(self, painter: QPainter, square: QRectF) -> None:
        inner = square.adjusted(_RADIUS, _RADIUS, -_RADIUS, -_RADIUS)

        def at(point: Point) -> QPointF:
            return QPointF(
                inner.center().x() + point[0] * inner.width() / 2,
                inner.center().y() - point[1] * inner.height() / 2,
            )

        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Dark), 1.5))
        painter.drawPolyline(QPolygonF([at(point) for point in self._places.trail]))
        for name, point in zip(_POINTS, (self._places.here, self._places.target)):
            if point is not None:
                self._draw_point(painter, at(point), name)

    def _draw_point(self, painter: QPainter, at: QPointF, name: str) -> None:
        strong = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(strong, 2.5))
        painter.setBrush(strong if name == "at_now" else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, _RADIUS - 1, _RADIUS - 1)


def _write(painter: QPainter, box: QRectF, text: str, place: Any) -> None:
    """Write one line into a box."""
    option = QTextOption(place)
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    painter.drawText(box, text, option)


def whole(text: str) -> str:
    """Return a text as a tool tip of several lines, which Qt takes for markup."""
    return f"<p>{html.escape(text)}</p>"
