// scale-page.ts: a scaling experiment as a page of plots: its figures are those of the last line of --json.
import type { Row, ScaleReport } from '../../cluster/scale/report.ts';
import { type Page, type Plot, pageHtml } from './page.ts';
import { fitText, scaleTable } from './scale-text.ts';

export function scalePage(report: ScaleReport): string {
  const { axis, rows, fit, name, kind, cores, notes } = report;
  const first = rows[0];
  const along = rows.filter((row) => first && isAlong(row, first, axis));
  const numbers = axis !== 'codec';
  const at = along.map((row, i) => (numbers ? (row[axis] as number) : i + 1));
  const x = numbers ? axis : `codec (${along.map((row, i) => `${i + 1}: ${row.codec}`).join(', ')})`;
  const bounds = (of: (row: Row) => { readonly median: number; readonly low: number; readonly high: number }) => ({
    values: along.map((row) => of(row).median),
    low: along.map((row) => of(row).low),
    high: along.map((row) => of(row).high),
  });
  const shares = along.every((row) => row.shares !== null);
  const plots: Plot[] = [
    {
      title: 'Speed-up, beside what the machine gives',
      x,
      y: 'times the first',
      at,
      series: [
        { label: name, ...bounds((row) => row.speedup) },
        { label: 'independent processes', values: along.map((row) => row.limit.median), dashed: true },
      ],
    },
    {
      title: 'Efficiency against the machine',
      x,
      y: 'share',
      at,
      series: [{ label: name, ...bounds((row) => row.efficiency) }],
    },
    { title: 'Throughput', x, y: 'samples/s', at, series: [{ label: name, ...bounds((row) => row.throughput) }] },
    {
      title: 'Time of a step, and the model fitted to it',
      x,
      y: 'ms',
      at,
      series: [
        { label: 'measured', values: along.map((row) => row.step_ms) },
        ...(fit && kind === 'strong'
          ? [
              {
                label: 'model',
                values: along.map(({ processors: n }) => fit.work / n + fit.serial + fit.each * (n - 1)),
                dashed: true,
              },
            ]
          : []),
      ],
    },
    ...(shares
      ? [
          {
            title: 'Where the processors spend their time',
            x,
            y: 'share',
            at,
            series: (['compute', 'reduce', 'wire', 'wait'] as const).map((label) => ({
              label,
              values: along.map((row) => row.shares![label]),
            })),
          },
        ]
      : []),
  ];
  const page: Page = {
    title: `How ${name} scales`,
    intro: [
      `${kind === 'weak' ? 'Weak' : 'Strong'} scaling over ${axis} on a machine that runs ${cores} threads at once; ${rows.reduce((sum, row) => sum + row.runs, 0)} runs, interleaved.`,
      `Efficiency is the speed-up over that of independent probe processes measured beside each run. Bands are ${rows.every(({ runs }) => runs > 2) ? '95 % intervals' : 'the least and the most'}.`,
      ...(fit ? fitText(fit).split('\n') : []),
    ],
    plots,
    tables: [{ title: 'All settings', ...scaleTable(report) }],
    notes,
    data: report,
  };
  return pageHtml(page);
}

const isAlong = (row: Row, first: Row, axis: ScaleReport['axis']): boolean =>
  (['threads', 'workers', 'servers', 'codec'] as const).every((it) => it === axis || row[it] === first[it]);
