// bar-line.ts: the line of a progress bar, in the width that there is: the bar gets shorter, then what is missed least goes. Not its drawing: bar-view.ts.
import type { Colors } from './screen.ts';

export interface BarLine {
  /** Where the run is: "epoch 1/10". */
  readonly place: string;
  readonly value: number;
  readonly total: number;
  /** In the order in which they are shown. */
  readonly fields: readonly string[];
  /** Places in `fields`: who comes first stays longest. Default: their order. */
  readonly kept?: readonly number[];
}

const LONGEST = 24;
const SHORTEST = 8;

/** "epoch 1/10 ━━━━──── 120/250  ETA 0:16  loss 0.5000", of less than `columns` characters: no number is ever cut, no line wrapped. */
export function barLine(
  { place, value, total, fields, kept = [...fields.keys()] }: BarLine,
  columns: number,
  colors: Colors,
): string {
  const count = `${value}/${total}`;
  const room = columns - 1; // some terminals wrap when the last column is written
  const free = (shown: readonly number[]): number =>
    room - `${place}  ${count}`.length - shown.reduce((sum, field) => sum + 2 + fields[field]!.length, 0);
  const shown: number[] = [];
  for (const field of kept) {
    if (free([...shown, field]) < SHORTEST) break;
    shown.push(field);
  }
  const size = Math.min(LONGEST, free(shown));
  if (size < SHORTEST) return [`${place}  ${count}`, count].find((text) => text.length <= room) ?? '';
  const done = total === 0 ? size : Math.round((size * Math.min(value, total)) / total);
  const bar = colors.cyan('━'.repeat(done) + '─'.repeat(size - done));
  const rest = fields.filter((_, field) => shown.includes(field)).map((text) => `  ${text}`);
  return `${place} ${bar} ${count}${rest.join('')}`;
}
