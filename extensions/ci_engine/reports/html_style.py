"""How pages of HTML look: at a desk, on a phone, in the dark and on paper."""

STYLE = """\
:root { color-scheme: light dark; --text: #1b1b1b; --page: #fff; --line: #c8c8c8;
  --muted: #595959; --link: #0b57d0; --good: #1a6b2d; --bad: #b3261e;
  --warn: #8a5200; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; color: var(--text); background: var(--page);
  overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; }
a { color: var(--link); }
.green { color: var(--good); } .red { color: var(--bad); }
.error { color: var(--warn); }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 1rem 0; }
.facts div { display: flex; gap: .5rem; }
.facts dt, figcaption, .quiet { color: var(--muted); }
.facts dd { margin: 0; }
section.check { border-left: 4px solid var(--bad); padding: 0 1rem; margin: 1rem 0; }
section.warned { border-color: var(--warn); }
h3 { margin-bottom: .25rem; }
pre { white-space: pre-wrap; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0;
  text-align: left; vertical-align: top; }
th, td.short { white-space: nowrap; overflow-wrap: normal; }
summary { cursor: pointer; }
.critical { fill: #7a0019; } .high { fill: #b3261e; } .medium { fill: #9a5b00; }
.low { fill: #33608c; } .info { fill: #5c5c5c; }
svg { max-width: 100%; height: auto; }
svg text { fill: currentColor; font: 14px system-ui, sans-serif; }
figure { margin: .5rem 0 2rem; }
.plot .grid { stroke: var(--line); } .plot .times { fill: none; stroke: var(--link);
  stroke-width: 2; } .plot .time { fill: var(--link); stroke: var(--link); }
.plot .other { fill: var(--page); }
.plot line.slower { stroke: var(--bad); stroke-dasharray: 4 3; }
.plot line.faster { stroke: var(--good); stroke-dasharray: 4 3; }
svg.plot text.slower { fill: var(--bad); } svg.plot text.faster { fill: var(--good); }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8e8e8; --page: #161616; --line: #444; --muted: #b0b0b0;
    --link: #9ec3ff; --good: #7bd88f; --bad: #ff8a80; --warn: #f2b35c; }
  .critical { fill: #ff8a9b; } .high { fill: #ff7a70; } .medium { fill: #f2b35c; }
  .low { fill: #8fbce6; } .info { fill: #b0b0b0; }
}
@media (max-width: 44rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  table, tbody, tr, td { display: block; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  td, td.short { border: 0; padding: .1rem 0; white-space: normal;
    overflow-wrap: anywhere; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
  td:empty { display: none; }
  svg.plot text { font-size: 21px; }
}
@media print { body { max-width: none; margin: 0; } details { display: block; } }
"""
