// page.ts: a page of plots in one file, for a report of figures: uPlot inlined, light, dark and in print. What is on it: scale-page.ts,
// simulate-page.ts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { drawPlots } from './page-script.ts';

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Bounds drawn as a band. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
  /** Of a model, or of an ideal: dashed, without points. */
  readonly dashed?: boolean;
  /** Not a line: a ring around what is to be seen. */
  readonly ring?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly at: readonly number[];
  readonly series: readonly Series[];
  /** The lower axis in powers of two; or that, and the other in powers of ten. */
  readonly log?: 'x' | 'both';
}

export interface Page {
  readonly title: string;
  /** Sentences under the title. */
  readonly intro: readonly string[];
  readonly plots: readonly Plot[];
  readonly tables: readonly {
    readonly title: string;
    readonly heads: readonly string[];
    readonly cells: readonly (readonly string[])[];
  }[];
  readonly notes: readonly string[];
  /** Everything, for programs: the same as the last line of --json. */
  readonly data: unknown;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
/** JSON that cannot end its script element. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

const STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --soft: #5c6878; --line: #d8dee6; --paper: #ffffff; --panel: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e9f0; --soft: #9aa7b8; --line: #333d4a; --paper: #12161c; --panel: #1a2029; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem; background: var(--paper); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--soft); } p.first { color: var(--text); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; margin-top: 1rem; }
figure { margin: 0; padding: .75rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; break-inside: avoid; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
.scroll { overflow-x: auto; }
main table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; width: 100%; }
main th, main td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
main th:first-child, main td:first-child { text-align: left; } main th { color: var(--soft); font-weight: 600; }
.u-legend .edge { display: none; } .u-legend { font-size: .8rem; color: var(--text); } .u-legend .u-value { font-variant-numeric: tabular-nums; }
li { color: var(--soft); }
@media print {
  :root { color-scheme: light; --text: #000; --soft: #333; --line: #bbb; --paper: #fff; --panel: #fff; }
  body { max-width: none; padding: 0; font-size: 11pt; } main table { font-size: 8pt; } .u-legend .u-value { display: none; } .plots { grid-template-columns: 1fr 1fr; }
}`;

export function pageHtml({ title, intro, plots, tables, notes, data }: Page): string {
  const require = createRequire(import.meta.url);
  const asset = (name: string): string => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');
  const table = (it: Page['tables'][number]): string =>
    `<h2>${escaped(it.title)}</h2><div class="scroll"><table><thead><tr>${it.heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>` +
    `${it.cells.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${asset('uPlot.min.css')}${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${intro.map((line, i) => `<p${i === 0 ? ' class="first"' : ''}>${escaped(line)}</p>`).join('\n')}
<div class="plots">
${plots.map((plot, i) => `<figure><figcaption>${escaped(plot.title)}</figcaption><div id="plot-${i}"></div></figure>`).join('\n')}
</div>
<main>
${tables.map(table).join('\n')}
</main>
${notes.length > 0 ? `<h2>Notes</h2><ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join('')}</ul>` : ''}
<script type="application/json" id="data">${inScript(data)}</script>
<script type="application/json" id="plots">${inScript(plots)}</script>
<script>${asset('uPlot.iife.min.js')}</script>
<script>(${drawPlots.toString()})();</script>
</body>
</html>
`;
}
