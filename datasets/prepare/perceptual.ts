// perceptual.ts: near-duplicates: a 64-bit difference hash of an image, and pairs of hashes that differ in few bits. It drops nothing.
import type { Pixels } from '../image/decode.ts';

/** Cells of the reduced image: eight comparisons in each of eight rows. */
const COLUMNS = 9;
const ROWS = 8;
/** Bits that two hashes may differ in. Four bands of 16 bits: of three differing bits, one band has none. */
export const NEAR = 3;

/** Rows of an image that a row of cells is averaged over, at most: more say nothing new, and every byte costs. */
const SEEN = 8;

/** Whether each cell of a 9 x 8 average is darker than its right neighbour, as 16 hexadecimal digits; null for images that are too small or flat. */
export function differenceHash({ data, rows, columns, channels }: Pixels): string | null {
  if (rows < ROWS || columns < COLUMNS) return null;
  const cells = new Float64Array(COLUMNS * ROWS);
  for (let y = 0; y < ROWS; y++) {
    for (let x = 0; x < COLUMNS; x++) {
      const [top, bottom] = [Math.floor((y * rows) / ROWS), Math.floor(((y + 1) * rows) / ROWS)];
      const [left, right] = [Math.floor((x * columns) / COLUMNS), Math.floor(((x + 1) * columns) / COLUMNS)];
      const seen = Math.min(SEEN, bottom - top);
      let sum = 0;
      for (let nth = 0; nth < seen; nth++) {
        const row = top + Math.floor((nth * (bottom - top)) / seen);
        for (let i = (row * columns + left) * channels; i < (row * columns + right) * channels; i++)
          sum = (sum + data[i]!) | 0; // a cell has less than 2^31 / 255 values
      }
      cells[y * COLUMNS + x] = sum / (seen * (right - left));
    }
  }
  let hash = 0n;
  for (let y = 0; y < ROWS; y++)
    for (let x = 0; x < COLUMNS - 1; x++)
      hash = (hash << 1n) | (cells[y * COLUMNS + x]! < cells[y * COLUMNS + x + 1]! ? 1n : 0n);
  return hash === 0n ? null : hash.toString(16).padStart(16, '0');
}

export interface Hashed {
  readonly key: string;
  readonly hash: string;
}

export interface NearPair {
  readonly a: string;
  readonly b: string;
  /** Bits that differ. */
  readonly distance: number;
}

/** Larger groups of equal bands say nothing: many images are alike in a quarter (borders, sky). */
const CROWD = 200;

/** Pairs at most NEAR bits apart, in the order of their first members, at most `most` of them. */
export function nearPairs(samples: readonly Hashed[], most: number): NearPair[] {
  const pairs = new Map<string, NearPair>();
  for (let band = 0; band < 4; band++) {
    const buckets = new Map<string, number[]>();
    samples.forEach(({ hash }, i) => {
      const part = hash.slice(4 * band, 4 * band + 4);
      const bucket = buckets.get(part);
      if (bucket) bucket.push(i);
      else buckets.set(part, [i]);
    });
    for (const bucket of buckets.values()) {
      if (bucket.length > CROWD) continue;
      bucket.forEach((i, at) => {
        for (const j of bucket.slice(at + 1)) {
          const distance = distanceOf(samples[i]!.hash, samples[j]!.hash);
          if (distance <= NEAR) pairs.set(`${i} ${j}`, { a: samples[i]!.key, b: samples[j]!.key, distance });
        }
      });
    }
  }
  const inOrder = [...pairs].map(([name, pair]) => ({ at: name.split(' ').map(Number) as [number, number], pair }));
  inOrder.sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
  return inOrder.slice(0, most).map(({ pair }) => pair);
}

function distanceOf(a: string, b: string): number {
  let bits = 0;
  for (let at = 0; at < 16; at += 8) {
    let word = (Number.parseInt(a.slice(at, at + 8), 16) ^ Number.parseInt(b.slice(at, at + 8), 16)) >>> 0;
    for (; word !== 0; word &= word - 1) bits++;
  }
  return bits;
}
