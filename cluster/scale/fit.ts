// fit.ts: where a job stops scaling, from the times of its steps: T(n) = work / n + serial + each x (n - 1). Without the last term this is
// Amdahl's law; with it, what every further process costs on the wire. Pure.

export interface Fit {
  /** Milliseconds of a step: what is shared out, what is not, and what each further process adds. */
  readonly work: number;
  readonly serial: number;
  readonly each: number;
  /** Amdahl's: of the time with one processor. */
  readonly serialShare: number;
  /** Processors from which on more of them make no step shorter; null: no such number was seen. */
  readonly fastest: number | null;
  /** Processors up to which each is used to a half at least. */
  readonly half: number;
  /** What decides that point, and what would move it. */
  readonly advice: string;
}

export interface Point {
  readonly n: number;
  readonly stepMs: number;
}

/** Least squares of relative errors with terms that are not negative. @returns null for fewer than two numbers of processors */
export function fitTimes(points: readonly Point[]): Fit | null {
  const distinct = new Set(points.map(({ n }) => n)).size;
  if (distinct < 2) return null;
  const terms: ((n: number) => number)[] = [(n) => 1 / n, () => 1, (n) => n - 1];
  const usable = distinct < 3 ? [0, 1] : [0, 1, 2];
  let best: { readonly error: number; readonly values: readonly number[] } | null = null;
  for (const subset of subsets(usable)) {
    const values = solve(
      points,
      subset.map((i) => terms[i]!),
    );
    if (!values || values.some((it) => it < 0)) continue;
    const all = [0, 0, 0];
    subset.forEach((term, i) => {
      all[term] = values[i]!;
    });
    const error = points.reduce(
      (sum, { n, stepMs }) => sum + (terms.reduce((t, term, i) => t + term(n) * all[i]!, 0) / stepMs - 1) ** 2,
      0,
    );
    if (!best || error < best.error - 1e-12) best = { error, values: all };
  }
  if (!best) return null;
  const [work, serial, each] = best.values as [number, number, number];
  const fastest = each > 0 && work > 0 ? Math.max(1, Math.round(Math.sqrt(work / each))) : null;
  return {
    work,
    serial,
    each,
    serialShare: serial / (work + serial),
    fastest,
    half: halfUsed(work, serial, each),
    advice: adviceOf(work, serial, each, fastest),
  };
}

function* subsets(of: readonly number[]): Generator<readonly number[]> {
  for (let mask = 1; mask < 1 << of.length; mask++) yield of.filter((_, i) => mask & (1 << i));
}

/** Normal equations of sum (model / measured - 1)^2; null where they have no single solution. */
function solve(points: readonly Point[], terms: readonly ((n: number) => number)[]): readonly number[] | null {
  const size = terms.length;
  const rows = points.map(({ n, stepMs }) => terms.map((term) => term(n) / stepMs));
  const a = terms.map((_, i) => [
    ...terms.map((_, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
    rows.reduce((sum, row) => sum + row[i]!, 0),
  ]);
  for (let column = 0; column < size; column++) {
    const pivot = a.reduce(
      (most, row, i) => (i >= column && Math.abs(row[column]!) > Math.abs(a[most]![column]!) ? i : most),
      column,
    );
    [a[column], a[pivot]] = [a[pivot]!, a[column]!];
    if (Math.abs(a[column]![column]!) < 1e-14) return null;
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = a[i]![column]! / a[column]![column]!;
      a[i] = a[i]!.map((value, j) => value - factor * a[column]![j]!);
    }
  }
  return a.map((row, i) => row[size]! / row[i]!);
}

const MOST = 1_000_000;

/** The last n of which T(1) / (n T(n)) is a half or more. */
function halfUsed(work: number, serial: number, each: number): number {
  const one = work + serial;
  const used = (n: number): number => one / (work + n * serial + n * (n - 1) * each);
  let [low, high] = [1, MOST];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (used(middle) >= 0.5) low = middle;
    else high = middle - 1;
  }
  return low;
}

function adviceOf(work: number, serial: number, each: number, fastest: number | null): string {
  if (fastest !== null && each * fastest >= serial)
    return 'every further process costs time on the wire: a smaller codec, more servers, or a faster network would move that point';
  if (serial > 0.02 * work)
    return 'a part of each step is not shared out: a larger batch, or more work in each micro-shard, would move that point';
  return 'nothing measured limits it yet: more processors would help';
}
