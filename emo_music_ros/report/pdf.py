# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A report as PDF on A4, by matplotlib: it draws the pictures anyway, and needs nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from emo_music_ros.dashboard.words import Words
from emo_music_ros.errors import InputError
from emo_music_ros.report import charts
from emo_music_ros.report.content import Block, Heading, Picture, Points, Table, Text, Tiles
from emo_music_ros.report.fonts import family, missing

#: A4 and its margins [inch].
WIDTH, HEIGHT, MARGIN = 8.27, 11.69, 0.7
_INNER = WIDTH - 2 * MARGIN
_LINE = 1.35 / 72  # of a line, for each point of its size [inch]
_INK, _SOFT, _BAD = "#1b1b1f", "#55555e", "#a3201d"
_HEADINGS = {1: 20.0, 2: 14.0, 3: 12.0}


def pdf(blocks: Iterable[Block], words: Words) -> bytes:
    """Return the report as a PDF file.

    Raises
    ------
    InputError
        If no font here has the characters of the language.
    """
    import matplotlib

    if missing(words("report", person="")):
        raise InputError(
            "no font on this machine has Chinese characters for a PDF",
            "Install one (apt-get install fonts-noto-cjk), or make .html, which needs none here",
        )
    with matplotlib.rc_context({"pdf.fonttype": 42, "pdf.compression": 6}):
        sheets = _Sheets(words)
        for block in blocks:
            sheets.add(block)
        if sheets.lost:
            sheets.add(Text(words("no_glyphs", count=len(sheets.lost)), "note"))
        return sheets.close()


class _Sheets:
    """Fills one page after the other, from top to bottom; lengths in inches."""

    def __init__(self, words: Words) -> None:
        from matplotlib.backends.backend_pdf import PdfPages
        from matplotlib.textpath import TextToPath

        self.lost: set[str] = set()  # characters that no font here has
        self._words = words
        self._file = io.BytesIO()
        about = {"Title": words("app"), "Creator": "emo_music_ros"}
        self._pages = PdfPages(self._file, metadata=about)
        self._measure = TextToPath()
        self._widths: dict[tuple[str, bool], float] = {}  # of a size of 1 point
        self._number = 0
        self._figure: Any = None
        self._new()

    def close(self) -> bytes:
        self._save()
        self._pages.close()
        return self._file.getvalue()

    def add(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._heading(block)
        elif isinstance(block, Text):
            size = 9.5 if block.kind == "note" else 10.5
            colour = {"warning": _BAD, "note": _SOFT}.get(block.kind, _INK)
            self._text(block.text, size, colour, bold=block.kind == "warning")
            self._top += 0.06
        elif isinstance(block, Points):
            for each in block.texts:
                self._text(each, 10.5, _INK, indent=0.2, mark="•")
                self._top += 0.04
        elif isinstance(block, Tiles):
            self._tiles(block)
        elif isinstance(block, Picture):
            self._picture(block)
        else:
            self._table(block)

    # -- pages -------------------------------------------------------------------------------

    def _new(self) -> None:
        from matplotlib.backends.backend_pdf import FigureCanvasPdf
        from matplotlib.figure import Figure

        if self._figure is not None:
            self._save()
        self._figure = Figure(figsize=(WIDTH, HEIGHT))
        FigureCanvasPdf(self._figure)
        self._number += 1
        self._top = MARGIN
        foot = f"{self._words('app')} · {self._number}"
        self._write(foot, MARGIN, HEIGHT - 0.5, 8, _SOFT)

    def _save(self) -> None:
        self._pages.savefig(self._figure)

    def _room(self, height: float) -> None:
        """Turn the page where there is no room left."""
        if self._top + height > HEIGHT - MARGIN and self._top > MARGIN:
            self._new()

    # -- blocks ------------------------------------------------------------------------------

    def _heading(self, block: Heading) -> None:
        size = _HEADINGS[block.level]
        if block.level == 1 and (self._number > 1 or self._top > MARGIN):
            self._new()  # every person has pages of their own
        self._top += {1: 0.0, 2: 0.22, 3: 0.18}[block.level]
        self._room(1.1 if block.level == 2 else 2.6 if block.level == 3 else 0.0)
        self._text(block.text, size, _INK, bold=True)
        self._top += 0.05

    def _text(
        self, text: str, size: float, colour: str, *, bold: bool = False, indent: float = 0.0,
        mark: str = "",
    ) -> None:  # fmt: skip
        for line in self._wrapped(text, size, _INNER - indent, bold):
            self._room(size * _LINE)
            if mark:
                self._write(mark, MARGIN + 0.05, self._top, size, colour)
                mark = ""
            self._write(line, MARGIN + indent, self._top, size, colour, bold)
            self._top += size * _LINE

    def _tiles(self, block: Tiles) -> None:
        from matplotlib.patches import FancyBboxPatch

        self._top += 0.1
        gap, tall = 0.12, 0.95
        wide = (_INNER - gap * (len(block.pairs) - 1)) / len(block.pairs)
        self._room(tall)
        for number, (value, told) in enumerate(block.pairs):
            left = MARGIN + number * (wide + gap)
            box = FancyBboxPatch(
                (left / WIDTH, 1 - (self._top + tall) / HEIGHT), wide / WIDTH, tall / HEIGHT,
                boxstyle="round,pad=0,rounding_size=0.008", mutation_aspect=WIDTH / HEIGHT,
                facecolor="#f4f1ea", edgecolor="#c9c5bb", transform=self._figure.transFigure,
            )  # fmt: skip
            self._figure.add_artist(box)
            inner = wide - 0.2
            size = 20.0
            while size > 9 and len(self._wrapped(value, size, inner, True)) > 1:
                size -= 1
            self._write(value, left + 0.1, self._top + 0.1, size, _INK, True)
            for row, line in enumerate(self._wrapped(told, 9, inner, False)[:3]):
                self._write(line, left + 0.1, self._top + 0.46 + row * 9 * _LINE, 9, _SOFT)
        self._top += tall + 0.1

    def _picture(self, block: Picture) -> None:
        tall = 3.0
        self._room(tall + 0.1)
        bottom = 1 - (self._top + tall) / HEIGHT
        place = (
            (MARGIN + 0.35) / WIDTH,
            bottom + 0.4 / HEIGHT,
            (_INNER - 0.35) / WIDTH,
            (tall - 0.85) / HEIGHT,
        )
        charts.draw(self._figure, place, block.session, self._words, self._drawable)
        self._top += tall + 0.1

    def _table(self, block: Table) -> None:
        head = self._row(block.header, block.widths, _SOFT, True, dry=True) - self._top
        first = [self._row(row, block.widths, _INK, False, dry=True) for row in block.rows[:1]]
        self._room(head + max(first, default=self._top) - self._top)
        self._row(block.header, block.widths, _SOFT, True)
        for row in block.rows:
            if self._row(row, block.widths, _INK, False, dry=True) > HEIGHT - MARGIN:
                self._new()
                self._row(block.header, block.widths, _SOFT, True)
            self._row(row, block.widths, _INK, False)
        self._top += 0.12

    def _row(
        self, cells: Sequence[str], widths: Sequence[float], colour: str, bold: bool,
        dry: bool = False,
    ) -> float:  # fmt: skip
        """Write a row, or only say where it would end."""
        from matplotlib.lines import Line2D

        size = 8.5
        left, tallest = MARGIN, 0.0
        for cell, share in zip(cells, widths):
            lines = self._wrapped(cell, size, share * _INNER - 0.08, bold)
            if not dry:
                for number, line in enumerate(lines):
                    self._write(line, left, self._top + 0.05 + number * size * _LINE, size, colour,
                                bold)  # fmt: skip
            tallest = max(tallest, len(lines) * size * _LINE)
            left += share * _INNER
        end = self._top + tallest + 0.09
        if not dry:
            self._top = end
            height = 1 - end / HEIGHT
            ends = (MARGIN / WIDTH, 1 - MARGIN / WIDTH)
            self._figure.add_artist(Line2D(ends, (height, height), color="#c9c5bb", linewidth=0.6))
        return end

    def _drawable(self, text: str) -> str:
        """Return a text with a mark for what no font here has."""
        lost = missing(text)
        self.lost |= lost
        return "".join("?" if each in lost else each for each in text) if lost else text

    # -- text --------------------------------------------------------------------------------

    def _write(
        self, text: str, left: float, top: float, size: float, colour: str, bold: bool = False
    ) -> None:
        self._figure.text(
            left / WIDTH, 1 - top / HEIGHT, self._drawable(text), fontsize=size, color=colour,
            va="top", fontfamily=family(), fontweight="bold" if bold else "normal",
            parse_math=False,
        )  # fmt: skip

    def _wrapped(self, text: str, size: float, width: float, bold: bool) -> list[str]:
        """Return the lines of a text that is `width` wide."""
        lines, used = [""], 0.0
        for piece in _pieces(self._drawable(text)):
            if used and used + self._wide(piece.rstrip(), size, bold) > width:
                lines.append("")
                used = 0.0
            while self._wide(piece.rstrip(), size, bold) > width and len(piece) > 1:
                cut = next(
                    at for at in range(len(piece) - 1, 0, -1)
                    if at == 1 or self._wide(piece[:at], size, bold) <= width
                )  # fmt: skip
                lines[-1] += piece[:cut]
                lines.append("")
                piece = piece[cut:]
            lines[-1] += piece
            used += self._wide(piece, size, bold)
        return [line.rstrip() for line in lines]

    def _wide(self, text: str, size: float, bold: bool) -> float:
        """Return the width of a piece of text [inch]."""
        from matplotlib.font_manager import FontProperties

        if (text, bold) not in self._widths:
            font = FontProperties(family=family(), size=10, weight="bold" if bold else "normal")
            wide = self._measure.get_text_width_height_descent(text or " ", font, False)[0]
            self._widths[text, bold] = float(wide) / 720 if text else 0.0
        return self._widths[text, bold] * size


def _pieces(text: str) -> Iterator[str]:
    """Yield what a line may be broken after: words, and single wide characters."""
    word = ""
    for each in text:
        word += each
        if each == " " or ord(each) > 0x2E7F:
            yield word
            word = ""
    yield word
