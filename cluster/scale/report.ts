// report.ts: what the results of a scaling experiment mean: pure, from the plan and the results to figures. How they are shown:
// bin/output/scale-text.ts and scale-page.ts.
import type { Plan, Result } from './experiment.ts';
import { type Fit, fitTimes } from './fit.ts';
import { type Axis, axisOf, keyOf, processors, type Setting, settingsOf } from './grid.ts';
import type { Shares } from './measure.ts';
import { type Interval, interval, median, variation } from './statistics.ts';

/** One setting over all rounds. */
export interface Row extends Setting {
  readonly key: string;
  /** Processors that compute. */
  readonly processors: number;
  readonly runs: number;
  readonly throughput: Interval;
  readonly step_ms: number;
  /** To the first setting, round by round. */
  readonly speedup: Interval;
  /** What independent processes on so many processors reached beside the runs, to one of them. */
  readonly limit: Interval;
  /** Speed-up over limit. */
  readonly efficiency: Interval;
  /** Null in one process, and where no run told. */
  readonly bytes_per_step: number | null;
  readonly shares: Shares | null;
  readonly target_s: number | null;
  readonly target_epochs: number | null;
  readonly epoch_s: number;
  readonly epoch_cost: number | null;
}

export interface ScaleReport {
  readonly event: 'done';
  readonly axis: Axis;
  readonly kind: 'strong' | 'weak';
  readonly name: string;
  readonly cores: number;
  readonly rows: readonly Row[];
  /** By the value on the axis, the other axes at their first. */
  readonly throughput: Readonly<Record<string, number>>;
  readonly speedup: Readonly<Record<string, number>>;
  readonly limit: Readonly<Record<string, number>>;
  readonly efficiency: Readonly<Record<string, number>>;
  /** Of the step's time along the axis, where that is a number of processors. */
  readonly fit: Fit | null;
  /** Why figures may be worth less than they look. */
  readonly notes: readonly string[];
}

const NOISY = 0.05;
const BUSY = 0.3;

export function scaleReport(plan: Plan, results: readonly Result[]): ScaleReport {
  const settings = settingsOf(plan.grid).filter((it) => results.some((result) => keyOf(result) === keyOf(it)));
  const axis = axisOf(plan.grid);
  const of = (setting: Setting): readonly Result[] => results.filter((it) => keyOf(it) === keyOf(setting));
  const base = settings[0];
  const rows = base ? settings.map((setting) => rowOf(plan, setting, of(setting), of(base))) : [];
  const along = rows.filter((row) => base && isAlong(row, base, axis));
  const by = (value: (row: Row) => number) => Object.fromEntries(along.map((row) => [String(row[axis]), value(row)]));
  const timed = axis === 'threads' || axis === 'workers';
  // weak scaling does n times the work: as times of the same work they follow the same law
  const time = (row: Row): number => (plan.grid.kind === 'weak' ? row.step_ms / row.processors : row.step_ms);
  return {
    event: 'done',
    axis,
    kind: plan.grid.kind,
    name: plan.name,
    cores: plan.cores,
    rows,
    throughput: by((row) => row.throughput.median),
    speedup: by((row) => row.speedup.median),
    limit: by((row) => row.limit.median),
    efficiency: by((row) => row.efficiency.median),
    fit: timed ? fitTimes(along.map((row) => ({ n: row.processors, stepMs: time(row) }))) : null,
    notes: notesOf(plan, rows, results),
  };
}

const isAlong = (row: Setting, base: Setting, axis: Axis): boolean =>
  (['threads', 'workers', 'servers', 'codec'] as const).every((it) => it === axis || row[it] === base[it]);

function rowOf(plan: Plan, setting: Setting, own: readonly Result[], base: readonly Result[]): Row {
  // round by round: what the machine did in between concerns both
  const pairs = own.flatMap((it) => {
    const other = base.find(({ round }) => round === it.round);
    return other ? [[it, other] as const] : [];
  });
  const usable = pairs.length > 0 ? pairs : own.map((it) => [it, base[0]!] as const);
  const speedups = usable.map(([it, other]) => it.samplesPerSecond / other.samplesPerSecond);
  const limits = usable.map(([it, other]) => it.probe.together / other.probe.together);
  const throughput = interval(own.map((it) => it.samplesPerSecond));
  const epoch = own[0]!.samples / throughput.median;
  const targets = own.flatMap(({ toTarget }) => (toTarget ? [toTarget] : []));
  const moved = own.flatMap(({ bytesPerStep }) => bytesPerStep ?? []);
  const shares = own.flatMap((it) => (it.shares ? [it.shares] : []));
  const share = (name: keyof Shares): number => median(shares.map((it) => it[name]));
  return {
    ...setting,
    key: keyOf(setting),
    processors: processors(setting),
    runs: own.length,
    throughput,
    step_ms: median(own.map((it) => it.stepMs)),
    speedup: interval(speedups),
    limit: interval(limits),
    efficiency: interval(speedups.map((it, i) => it / limits[i]!)),
    bytes_per_step: moved.length > 0 ? median(moved) : null,
    shares:
      shares.length === 0
        ? null
        : { compute: share('compute'), reduce: share('reduce'), wire: share('wire'), wait: share('wait') },
    target_s: targets.length > 0 ? median(targets.map((it) => it.seconds)) : null,
    target_epochs: targets.length > 0 ? median(targets.map((it) => it.epochs)) : null,
    epoch_s: epoch,
    epoch_cost: plan.price === null ? null : (plan.price * (setting.workers ?? 1) * epoch) / 3600,
  };
}

function notesOf({ cores, grid }: Plan, rows: readonly Row[], results: readonly Result[]): readonly string[] {
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const notes: string[] = [];
  const noise = variation(results.map((it) => it.probe.one));
  if (noise > NOISY) notes.push(`noisy machine: one probe process alone varied by ${percent(noise)} between the runs`);
  const others = results.length > 0 ? median(results.map((it) => it.others)) : 0;
  if (others > BUSY) notes.push(`busy machine: the work waiting before the runs was ${percent(others)} of its cores`);
  const over = rows.filter((row) => row.processors > cores);
  if (over.length > 0)
    notes.push(
      `oversubscribed: ${over.map((row) => row.key).join('; ')}: more threads than the ${cores} that run here at once; their limit is that of ${cores} processes`,
    );
  const shared = rows.filter(
    (row) => row.workers !== null && row.processors <= cores && row.processors + (row.servers ?? 0) > cores,
  );
  if (shared.length > 0)
    notes.push(
      `servers and coordinator share the processors of the workers in: ${shared.map((row) => row.key).join('; ')}`,
    );
  const most = rows.at(-1);
  if (most && most.limit.median < 0.9 * Math.min(most.processors, cores) && most.processors > 1)
    notes.push(
      `the machine itself: ${Math.min(most.processors, cores)} independent processes reach ${most.limit.median.toFixed(2)} times one of them`,
    );
  if (grid.repeat < 3)
    notes.push(`${grid.repeat} ${grid.repeat === 1 ? 'round' : 'rounds'}: intervals need 3 at least`);
  return notes;
}
