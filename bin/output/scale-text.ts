// scale-text.ts: a scaling experiment as a table for people. The figures: cluster/scale/report.ts.
import type { Fit } from '../../cluster/scale/fit.ts';
import type { Row, ScaleReport } from '../../cluster/scale/report.ts';
import type { Interval } from '../../cluster/scale/statistics.ts';
import { bytes, count, duration } from './format.ts';

export const ratio = (value: number): string => value.toFixed(2);
export const percent = (value: number): string => `${Math.round(100 * value)} %`;
/** "1.86 (1.80-1.92)" */
export const withBounds = ({ median, low, high }: Interval): string =>
  low === high ? ratio(median) : `${ratio(median)} (${ratio(low)}-${ratio(high)})`;

/** Heads and cells, in the terminal and on the page alike. */
export function scaleTable({ rows }: ScaleReport): {
  readonly heads: readonly string[];
  readonly cells: readonly string[][];
} {
  const columns: readonly (readonly [string, (row: Row) => string | null])[] = [
    ['setting', (row) => row.key],
    ['samples/s', (row) => count(row.throughput.median)],
    ['ms/step', (row) => row.step_ms.toFixed(1)],
    ['speed-up', (row) => withBounds(row.speedup)],
    ['machine', (row) => ratio(row.limit.median)],
    ['efficiency', (row) => withBounds(row.efficiency)],
    ['bytes/step', (row) => (row.bytes_per_step === null ? null : bytes(row.bytes_per_step))],
    ['compute', (row) => row.shares && percent(row.shares.compute)],
    ['reduce', (row) => (row.shares && row.workers !== null ? percent(row.shares.reduce) : null)],
    ['wire', (row) => row.shares && percent(row.shares.wire)],
    ['wait', (row) => row.shares && percent(row.shares.wait)],
    ['to target', (row) => (row.target_s === null ? null : `${duration(row.target_s)}, ${row.target_epochs} epochs`)],
    ['epoch', (row) => duration(row.epoch_s)],
    ['cost/epoch', (row) => row.epoch_cost?.toFixed(6) ?? null],
  ];
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== null));
  return {
    heads: used.map(([head]) => head),
    cells: rows.map((row) => used.map(([, cell]) => cell(row) ?? '-')),
  };
}

/** What the fitted times say, in a sentence or two. */
export function fitText(fit: Fit): string {
  const { work, serial, each, serialShare, fastest, half, advice } = fit;
  const terms = [
    `${work.toFixed(2)} ms / n`,
    `${serial.toFixed(2)} ms`,
    ...(each > 0 ? [`${each.toFixed(3)} ms x (n - 1)`] : []),
  ];
  const ends = [
    `Half of each processor is used up to ${half >= 1e6 ? 'more than a million' : count(half)} of them`,
    ...(fastest === null ? [] : [`a step is shortest with ${count(fastest)}`]),
  ];
  return `step = ${terms.join(' + ')}; ${percent(serialShare)} of the time with one is not shared out.\n${ends.join('; ')}: ${advice}.`;
}

export function scaleText(report: ScaleReport): string {
  const { heads, cells } = scaleTable(report);
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [
    line(heads),
    ...cells.map(line),
    '',
    ...(report.fit ? [fitText(report.fit), ''] : []),
    ...report.notes.map((note) => `note  ${note}`),
  ]
    .join('\n')
    .trimEnd();
}
