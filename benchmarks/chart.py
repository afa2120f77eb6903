"""The report's chart: a bar for each row, in plain SVG, for light and dark pages."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.model import Result

LABELS, BARS, VALUES = 250, 380, 60
STEP, BAR, TOP, BOTTOM = 26, 16, 46, 14

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .label { text-anchor: end }
  .bar { fill: #2f6fbd }
  .measure { stroke: #59636e; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6ea8fe }
    .measure { stroke: #9da7b3 }
  }
"""


def bar(number: int, name: str, value: float, width: float) -> str:
    """Return the bar of a row, with its name and its value."""
    top = TOP + number * STEP
    line = top + BAR - 3
    end = LABELS + BARS + VALUES - 8
    return (
        f'<text class="label" x="{LABELS - 8}" y="{line}">{escape(name)}</text>'
        f'<rect class="bar" x="{LABELS}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        f'<text class="label" x="{end}" y="{line}">{value:.2f}</text>'
    )


def chart(results: Sequence[Result], against: str) -> str:
    """Return the chart of the rows that were compared with one baseline."""
    values = [(against, 1.0)]
    values += [(result.name, result.kept) for result in results if result.against == against]
    scale = BARS / max(value for _, value in values)
    height = TOP + len(values) * STEP + BOTTOM
    bars = [bar(number, name, value, value * scale) for number, (name, value) in enumerate(values)]
    title = f"CPU kept, against {against}"
    measure = LABELS + scale
    size = f"0 0 {LABELS + BARS + VALUES} {height}"
    ends = f'y1="{TOP - 8}" y2="{height - BOTTOM}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{size}">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LABELS}" y="22">{escape(title)}</text>',
        f'<line class="measure" x1="{measure:.1f}" x2="{measure:.1f}" {ends}/>',
        *bars,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
