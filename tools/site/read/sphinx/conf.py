"""How Sphinx makes pages of what build.mjs has laid beside this file: myst-nb reads notebooks, furo gives the layout.

Nothing is executed here, and nothing is asked of the network. Formulas are left as TeX for build.mjs to set.
"""

import html
import json
from pathlib import Path

from docutils.nodes import SkipNode

COURSE = json.loads((Path(__file__).parent / "course.json").read_text(encoding="utf-8"))

project = COURSE["title"]
language = "en"
extensions = ["myst_nb"]
exclude_patterns = ["_templates"]
templates_path = ["_templates"]

nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_all_links_external = True  # places.mjs has led them to pages
highlight_language = "none"
# A cell of TypeScript may be half a statement; a docs page may begin below its title.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

html_theme = "furo"
html_math_renderer = "tex"
html_title = COURSE["title"]
html_baseurl = COURSE["address"]
html_static_path = ["static"]
html_css_files = ["katex/katex.min.css", "course-pages.css"]
html_js_files = [("course.js", {"defer": "defer"}), ("pages.js", {"defer": "defer", "data-plotly": COURSE["plotly"]})]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_domain_indices = False
html_permalinks_icon = "#"
html_context = {"course_address": COURSE["address"], "course_cards": COURSE["cards"]}


def inline_math(writer, node):
    writer.body.append(f'<span class="course-math">{html.escape(node.astext())}</span>')
    raise SkipNode


def block_math(writer, node):
    writer.body.append(f'<div class="course-math">{html.escape(node.astext())}</div>')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("tex", (inline_math, None), (block_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
