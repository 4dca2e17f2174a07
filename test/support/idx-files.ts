// idx-files.ts: images made from a counter and their labels, as the IDX files of a dataset. Nothing can be learnt from them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draws } from '../../base/random.ts';

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

/** Square images of `side` pixels and labels 0 to classes - 1: so many of both parts. */
export function writeIdx(folder: string, side: number, classes: number, train: number, test: number): void {
  for (const [part, length, seed] of [
    ['train', train, 1],
    ['t10k', test, 2],
  ] as const) {
    const random = draws([seed, 0], 0, 0, 0);
    const labels = Uint8Array.from({ length }, (_, i) => random(i) % classes);
    const images = Uint8Array.from({ length: side ** 2 * length }, (_, i) => random(length + i) & 255);
    const head = words(0x803, length, side, side);
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), Buffer.concat([head, images]));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), Buffer.concat([words(0x801, length), labels]));
  }
}
