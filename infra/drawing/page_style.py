"""The page's style: one column of text, figures as cards, dark and light from the same names."""

STYLE = """
:root { --ink: #1b1f24; --soft: #59636e; --paper: #ffffff; --line: #d1d9e0; --bar: #0969da;
  --below: #9a4f00; --better: #116329; --worse: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117;
  --line: #3d444d; --bar: #58a6ff; --below: #e3914f; --better: #56d364; --worse: #ff8182; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
h1, h2 { line-height: 1.2; }
h2 { font-size: 1.1rem; margin-top: 2.5rem; }
small, .scale, .date, summary { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; }
.figures div { border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.value { font-size: 1.5rem; font-weight: 600; }
.better { color: var(--better); }
.worse { color: var(--worse); }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); }
.scale { text-anchor: end; }
.date { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; }
.zero { stroke: var(--soft); stroke-width: 1; }
.bar { fill: var(--bar); }
.below { fill: var(--below); }
.share { height: 4px; min-width: 6rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: right; }
th:first-child { text-align: left; font-weight: normal; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: normal; }
.note { border-left: 4px solid var(--line); padding-left: .75rem; color: var(--soft); }
@media print { details { display: none; } main { padding: 0; } }
"""
