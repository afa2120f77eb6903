"""A bar chart as plain SVG, for light and dark pages."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

LABELS, BARS, VALUES = 250, 380, 60
STEP, BAR, TOP, BOTTOM = 26, 16, 46, 14

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .label { text-anchor: end }
  .bar { fill: #2f6fbd }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6ea8fe }
  }
"""


def bar_chart(title: str, values: Mapping[str, float]) -> str:
    """Return a chart with a bar for each name, as long as its value."""
    scale = BARS / max(values.values())
    height = TOP + len(values) * STEP + BOTTOM
    end = LABELS + BARS + VALUES - 8
    bars = []
    for number, (name, value) in enumerate(values.items()):
        top = TOP + number * STEP
        line = top + BAR - 3
        bars.append(
            f'<text class="label" x="{LABELS - 8}" y="{line}">{escape(name)}</text>'
            f'<rect class="bar" x="{LABELS}" y="{top}" width="{value * scale:.1f}"'
            f' height="{BAR}" rx="2"/>'
            f'<text class="label" x="{end}" y="{line}">{value:.0f}</text>'
        )
    size = f"0 0 {LABELS + BARS + VALUES} {height}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{size}">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LABELS}" y="22">{escape(title)}</text>',
        *bars,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
