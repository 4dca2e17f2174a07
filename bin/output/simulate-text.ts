// simulate-text.ts: a simulation as a table for people, and as a page of plots. The figures: cluster/simulate/report.ts.
import type { SimulationReport } from '../../cluster/simulate/report.ts';
import type { Simulated } from '../../cluster/simulate/run.ts';
import { bytes, count } from './format.ts';
import { pageHtml } from './page.ts';
import { percent } from './scale-text.ts';

const HEADS = [
  'workers',
  'samples/s',
  'ms/step',
  'speed-up',
  'efficiency',
  'bytes/step',
  'computing',
  'servers out',
  'servers in',
];
/** Where somebody may die. */
const LOSSES = ['deaths', 'leases lost', 'steps again'];

/** Samples a second. */
export const pace = ({ samples_per_second: it }: Simulated): string => (it >= 10 ? count(it) : it.toFixed(2));

/** 1 -> "1 worker", 1000 -> "1,000 workers" */
export const workersText = (n: number): string => `${count(n)} worker${n === 1 ? '' : 's'}`;

function table({ points, mtbf_ms }: SimulationReport): {
  readonly heads: readonly string[];
  readonly cells: readonly string[][];
} {
  const first = points[0]!;
  const speed = (it: Simulated): number => it.samples_per_second / first.samples_per_second;
  return {
    heads: [...HEADS, ...(mtbf_ms === null ? [] : LOSSES)],
    cells: points.map((it) => [
      count(it.workers),
      pace(it),
      it.step_ms >= 1000 ? count(it.step_ms) : it.step_ms.toFixed(1),
      speed(it).toFixed(2),
      (speed(it) / it.workers).toFixed(3),
      bytes(it.wire_bytes),
      percent(it.computing),
      percent(it.server_up),
      percent(it.server_down),
      ...(mtbf_ms === null ? [] : [it.deaths, it.leases_lost, it.steps_again].map(count)),
    ]),
  };
}

function intro(report: SimulationReport): readonly string[] {
  const {
    name,
    parameters,
    batch,
    micro_shards,
    leaf_ms,
    link_bytes_per_s,
    latency_ms,
    mtbf_ms,
    seed,
    stops_at,
    because,
  } = report;
  const mtbf = mtbf_ms === null ? '' : `; each process dies every ${mtbf_ms / 1000} s on average`;
  return [
    `It stops scaling at ${workersText(stops_at)}: ${because}.`,
    `${name}: ${count(parameters)} parameters, batch ${batch} in ${micro_shards} micro-shards of ${Number(leaf_ms.toPrecision(3))} ms; ` +
      `links of ${bytes(link_bytes_per_s)}/s and ${latency_ms} ms${mtbf}; seed ${seed}.`,
  ];
}

export function simulateText(report: SimulationReport): string {
  const { heads, cells } = table(report);
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padStart(widths[i]!)).join('  ');
  return [line(heads), ...cells.map(line), '', ...intro(report)].join('\n');
}

export function simulatePage(report: SimulationReport): string {
  const { points, name } = report;
  const at = points.map((it) => it.workers);
  const one = points[0]!.samples_per_second;
  const x = 'workers';
  const of = (label: string, value: (it: Simulated) => number) => ({ label, values: points.map(value) });
  return pageHtml({
    title: `${name} on clusters that nobody had`,
    intro: [
      ...intro(report),
      'Simulated with the coordinator, leases and commits that run for real, on a model of network and computing.',
    ],
    plots: [
      {
        title: 'Throughput',
        x,
        y: 'samples/s',
        at,
        log: 'both',
        series: [
          of('simulated', (it) => it.samples_per_second),
          { label: 'ideal', values: at.map((n) => n * one), dashed: true },
          {
            label: 'stops scaling',
            values: points.map((it) => (it.workers === report.stops_at ? it.samples_per_second : null)),
            ring: true,
          },
        ],
      },
      {
        title: 'What is busy',
        x,
        y: 'share of the time',
        at,
        log: 'x',
        series: [
          of('workers computing', (it) => it.computing),
          of('links out of servers', (it) => it.server_up),
          of('links into servers', (it) => it.server_down),
          of("the coordinator's link", (it) => it.coordinator_link),
        ],
      },
      { title: 'Time of a step', x, y: 'ms', at, log: 'both', series: [of('simulated', (it) => it.step_ms)] },
      {
        title: 'Bytes of a step',
        x,
        y: 'bytes',
        at,
        log: 'both',
        series: [
          of('all', (it) => it.wire_bytes),
          of('sums', (it) => it.pushed_bytes),
          of('parameters', (it) => it.params_bytes),
        ],
      },
    ],
    tables: [{ title: 'All sizes', ...table(report) }],
    notes: [],
    data: report,
  });
}
