"""A picture as SVG text, built element by element, so that no text of a table can become a tag.

Knows paper, lines and letters; what a picture shows does not belong here.
"""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
INK, SOFT, FAINT, PAPER = "#1f2933", "#6b7785", "#e3e8ee", "#ffffff"
# Apart for eyes that do not tell red from green.
COLOURS = ("#1f5fa8", "#d9822b", "#2a9d8f", "#7b5ea7", "#b23a62", "#8a7a1f", "#4a7c8c", "#5f6b76")
# XML has no place for them, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Picture:
    """A sheet of paper; places are in pixels from its upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": str(width),
                "height": str(height),
                "viewBox": f"0 0 {width} {height}",
                "font-family": FONT,
                "role": "img",
            },
        )
        ElementTree.SubElement(self._root, "title").text = printable(title)
        self.rectangle(0, 0, width, height, PAPER)

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: str,
        title: str = "",
        outline: str = "none",
    ) -> None:
        box = self._add("rect", x=x, y=y, width=max(width, 0), height=max(height, 0), fill=colour)
        if outline != "none":
            box.set("stroke", outline)
        self._tell(box, title)

    def line(
        self, x: float, y: float, to_x: float, to_y: float, colour: str = FAINT, dashed: bool = False
    ) -> None:
        element = self._add("line", x1=x, y1=y, x2=to_x, y2=to_y, stroke=colour)
        if dashed:
            element.set("stroke-dasharray", "5 4")

    def path(self, points: list[tuple[float, float]], colour: str) -> None:
        listed = " ".join(f"{place(x)},{place(y)}" for x, y in points)
        element = self._add("polyline", points=listed, fill="none", stroke=colour)
        element.set("stroke-width", "2")

    def curve(self, points: list[tuple[float, float]], colour: str, title: str = "") -> None:
        """A line that leaves and reaches each point level."""
        (x, y), *others = points
        way = [f"M{place(x)},{place(y)}"]
        for to_x, to_y in others:
            half = (x + to_x) / 2
            bend = ((half, y), (half, to_y), (to_x, to_y))
            way.append("C" + " ".join(f"{place(at)},{place(level)}" for at, level in bend))
            x, y = to_x, to_y
        element = self._add("path", d="".join(way), fill="none", stroke=colour)
        element.set("stroke-width", "1.3")
        element.set("stroke-opacity", "0.6")
        self._tell(element, title)

    def dot(self, x: float, y: float, radius: float, colour: str, title: str = "") -> None:
        element = self._add("circle", cx=x, cy=y, r=radius, fill=colour)
        element.set("fill-opacity", "0.75")
        self._tell(element, title)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 12,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
        halo: str = PAPER,
    ) -> None:
        element = self._add("text", x=x, y=y, fill=colour)
        # Words keep clear of the lines they cross.
        element.set("stroke", halo)
        element.set("stroke-width", "3")
        element.set("paint-order", "stroke")
        element.set("font-size", str(size))
        if anchor != "start":
            element.set("text-anchor", anchor)
        if bold:
            element.set("font-weight", "bold")
        element.text = printable(words)

    def _add(self, tag: str, **given: object) -> ElementTree.Element:
        attributes = {
            name: place(value) if isinstance(value, int | float) else str(value)
            for name, value in given.items()
        }
        return ElementTree.SubElement(self._root, tag, attributes)

    @staticmethod
    def _tell(element: ElementTree.Element, title: str) -> None:
        if title:
            ElementTree.SubElement(element, "title").text = printable(title)

    def __str__(self) -> str:
        return ElementTree.tostring(self._root, encoding="unicode")


def place(value: float) -> str:
    """A place on the paper: a tenth of a pixel is more than an eye sees."""
    return f"{value:.1f}".removesuffix(".0")


def printable(words: str) -> str:
    """The text without characters that XML forbids."""
    return _FORBIDDEN.sub("\ufffd", words)


def shortened(words: str, width: int) -> str:
    """The text in at most so many columns; a Chinese character takes two."""
    taken = 0
    for position, letter in enumerate(words):
        taken += columns(letter)
        if taken > width:
            return f"{words[:position].rstrip()}…"
    return words


def columns(words: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in words)


def as_image(svg: str, title: str) -> str:
    """A picture as Markdown that carries it with itself and asks no server for it."""
    described = re.sub(r"[\[\]()\\<>\n\r]", " ", title)
    return f"![{described}]({as_url(svg)})"


def as_url(svg: str) -> str:
    """A picture as an address that holds it whole."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode('utf-8', 'replace')).decode()}"
