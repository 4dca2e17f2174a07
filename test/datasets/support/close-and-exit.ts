// close-and-exit.ts: a program that uses a feeder, closes it and ends by itself, unless something keeps its process alive.
import { createFeeder } from '../../../datasets/feeder.ts';
import { readerFromArrays } from '../../../datasets/from-arrays.ts';

const reader = readerFromArrays({
  fields: { label: { shape: [], dtype: 'i32' } },
  data: { label: Int32Array.of(5, 6, 7) },
  classes: 10,
});
const memory = new SharedArrayBuffer(64);
const layout = { leafBytes: 64, fields: { label: { at: 0, rowBytes: 4 } } };
const feeder = createFeeder({ reader, transforms: [], memory, layout, threads: 2 });
await feeder.fill([{ address: 0, leaves: [3], indices: Uint32Array.of(2, 1, 0) }]);
await feeder.close();
console.log(new Int32Array(memory).slice(0, 3).join(' '));
