// compare.ts: the figures of a bench beside those of an earlier one: which have changed by more than the machine's noise. It measures nothing.
import type { BenchRow } from './table.ts';

export interface Change {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  /** now / before: of the ratios to the best peer where both have one, which a slower machine leaves alone; else of our own figures. */
  readonly change: number;
  readonly verdict: 'same' | 'faster' | 'SLOWER';
}

/** Ratios to a peer measured in the same turns vary by less than figures that stand alone. */
const NOISE = { ratio: 0.07, alone: 0.15 } as const;

/** Lines of `npm run bench -- --json`. Lines that are none are passed over. */
export const readRows = (text: string): readonly BenchRow[] =>
  text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as BenchRow] : []));

/** Figures that stand in both. */
export function compareRows(before: readonly BenchRow[], now: readonly BenchRow[]): readonly Change[] {
  return now.flatMap((row) => {
    const old = before.find(({ name }) => name === row.name);
    if (!old) return [];
    const both = old.ratio !== null && row.ratio !== null;
    const change = both ? row.ratio! / old.ratio! : row.ours / old.ours;
    const noise = both ? NOISE.ratio : NOISE.alone;
    const verdict = change < 1 - noise ? 'SLOWER' : change > 1 + noise ? 'faster' : 'same';
    return [{ name: row.name, before: old.ours, now: row.ours, change, verdict } as const];
  });
}

export const changesText = (changes: readonly Change[]): string =>
  changes
    .map(({ name, before, now, change, verdict }) => {
      const percent = `${change >= 1 ? '+' : ''}${(100 * (change - 1)).toFixed(1)} %`;
      return `${verdict.padEnd(6)}  ${percent.padStart(8)}  ${name}: ${before.toPrecision(4)} before, ${now.toPrecision(4)} now\n`;
    })
    .join('');
