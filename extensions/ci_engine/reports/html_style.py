"""The styles of HTML pages: on a desktop, on a phone, in dark mode and in print."""

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
th button { all: unset; cursor: pointer; font: inherit; }
th button::after { content: " \\2195"; color: var(--muted); font-weight: normal; }
th[aria-sort="ascending"] button::after { content: " \\2191"; color: var(--text); }
th[aria-sort="descending"] button::after { content: " \\2193"; color: var(--text); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: baseline;
  margin-top: 1rem; color: var(--muted); }
.tools .sort { display: none; }
.tools input, .tools select { font: inherit; color: var(--text); max-width: 100%;
  background: var(--page); border: 1px solid var(--muted); border-radius: .25rem;
  padding: .2rem .4rem; }
tr[hidden] { display: none; }
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
@media screen and (max-width: 44rem) {
  thead { display: none; }
  .tools .sort { display: inline; }
  table, tbody, tr:not([hidden]), td { display: block; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  td, td.short { border: 0; padding: .1rem 0; white-space: normal;
    overflow-wrap: anywhere; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
  td:empty { display: none; }
  svg.plot text { font-size: 21px; }
}
@media print {
  :root { color-scheme: light; --text: #000; --page: #fff; --line: #999;
    --muted: #444; --link: #000; --good: #1a6b2d; --bad: #b3261e; --warn: #8a5200; }
  @page { margin: 1.5cm; }
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  .tools, th button::after { display: none; }
  thead { display: table-header-group; }
  tr, figure, section.check { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  /* Without the script, what is folded is printed as well. */
  details::details-content { content-visibility: visible; display: block; }
  .critical { fill: #7a0019; } .high { fill: #b3261e; } .medium { fill: #9a5b00; }
  .low { fill: #33608c; } .info { fill: #5c5c5c; }
}
"""
