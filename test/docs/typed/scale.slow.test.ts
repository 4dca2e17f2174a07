// scale.slow.test.ts: docs/scale.md: what a simulation prints does not depend on the machine, so the page is held against it to the letter; and the HTML
// pages that come of it say the same.
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plot } from '../../../bin/output/page.ts';
import type { SimulationReport } from '../../../cluster/simulate/report.ts';
import { docFolder, sessionsOf, shownBy, typeIn } from '../../support/doc-commands.ts';

const WHY = /^It stops scaling at ([\d,]+) workers?: .*\.$/m;

describe('docs/scale.md', function () {
  this.timeout(120_000); // ten seconds where nothing else runs

  it('simulates what the page does, and prints the figures that stand there', async () => {
    const commands = sessionsOf('scale.md')
      .flat()
      .filter((it) => it.startsWith('npx shoal simulate '));
    assert.equal(commands.length, 3);
    const folder = docFolder();
    symlinkSync(resolve('examples/resnet50.json'), `${folder}/examples/resnet50.json`);
    const stops: string[] = [];
    for (const command of commands) {
      const { code, output } = await typeIn(folder, [command]);
      assert.equal(code, 0, output);
      const printed = new Set(output.split('\n'));
      const shown = shownBy('scale.md', command)
        .trimEnd()
        .split('\n')
        .filter((line) => line !== '...');
      assert.ok(shown.length >= 4);
      for (const line of shown) assert.ok(printed.has(line), `${command}\ndoes not print\n${line}\nbut\n${output}`);
      const report = sameOnPage(readFileSync(`${folder}/${/^page {2}(.*)$/m.exec(output)![1]}`, 'utf8'), output);
      stops.push(`${report.parameters} parameters: ${report.stops_at} of ${report.points.at(-1)!.workers}`);
    }
    assert.deepEqual(stops, [
      '34826 parameters: 1 of 1000',
      '34826 parameters: 16 of 256',
      '25550760 parameters: 64 of 256',
    ]);
    const small = 'npx shoal simulate examples/digits.json --workers 4 --steps 3 --json';
    const json = await typeIn(folder, [small]);
    const last = JSON.parse(json.output.trim().split('\n').at(-1)!);
    assert.deepEqual(dataOf(readFileSync(`${folder}/runs/simulate-digits.html`, 'utf8'), 'data'), last);
  });
});

const dataOf = (page: string, id: string) =>
  JSON.parse(new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`, 's').exec(page)![1]!);

/** Where it stops, why, and each figure of the table and of the plots are those of the report. */
function sameOnPage(page: string, output: string): SimulationReport {
  const report = dataOf(page, 'data') as SimulationReport;
  const [why, at] = WHY.exec(output)!;
  assert.ok(page.includes(`<p class="first">${why}</p>`), why);
  assert.equal(Number(at!.replaceAll(',', '')), report.stops_at);
  const rows = [...page.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    [...row!.matchAll(/<t[hd]>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell!),
  );
  const table = output.split('\n').filter((line) => /^ *[\d,]+ {2}|^ *workers {2}/.test(line));
  assert.deepEqual(
    rows,
    table.map((line) => line.trim().split(/ {2,}/)),
  );
  const plots = dataOf(page, 'plots') as Plot[];
  const { points } = report;
  const series = (title: string, label: string) =>
    plots.find((it) => it.title === title)!.series.find((it) => it.label === label)!.values;
  for (const plot of plots)
    assert.deepEqual(
      plot.at,
      points.map((it) => it.workers),
    );
  for (const [title, label, of] of [
    ['Throughput', 'simulated', 'samples_per_second'],
    ['What is busy', 'workers computing', 'computing'],
    ['What is busy', 'links out of servers', 'server_up'],
    ['What is busy', 'links into servers', 'server_down'],
    ['What is busy', "the coordinator's link", 'coordinator_link'],
    ['Time of a step', 'simulated', 'step_ms'],
    ['Bytes of a step', 'all', 'wire_bytes'],
    ['Bytes of a step', 'sums', 'pushed_bytes'],
    ['Bytes of a step', 'parameters', 'params_bytes'],
  ] as const)
    assert.deepEqual(
      series(title, label),
      points.map((it) => it[of]),
      `${title}: ${label}`,
    );
  assert.deepEqual(
    series('Throughput', 'stops scaling').flatMap((value, i) => (value === null ? [] : [points[i]!.workers])),
    [report.stops_at],
  );
  return report;
}
