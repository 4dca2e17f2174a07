// embedding.test.ts: lookups in a table and the sums of its gradient; that bits do not depend on how leaves are bundled.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

/** [rows, ids a row, rows of the table, its columns] */
const SIZES = [
  [1, 1, 1, 1],
  [3, 5, 7, 4],
  [5, 13, 65, 17],
  [9, 30, 130, 33],
] as const;
const idsOf = (count: number, V: number) => noise(count, 7).map((x) => Math.floor(((x + 1) / 2) ** 2 * V));

kernelSuite(
  'embedding',
  SIZES.map(([rows, m, V, E]) => ({
    title: `${rows} x ${m} rows of a table (${V}, ${E}), some of them not there`,
    rows,
    operands: {
      // beyond the table, below it, no number
      ids: { data: idsOf(rows * m, V).map((id, i) => [id, V, -1, Number.NaN][i % 11 < 4 ? i % 11 : 0]!) },
      table: { data: noise(V * E, 2), misalign: 4 },
      y: { data: zeros(rows * m * E), misalign: 8 },
    },
    ints: { m, V, E },
    writes: ['y'],
    tolerance: 0,
  })),
);

/** `order` behind the last use is not written. */
const sorted = (ids: Float32Array, V: number) => {
  const starts = new Uint32Array(V + 1);
  const order = new Uint32Array(ids.length);
  let used = 0;
  for (let v = 0; v <= V; v++) {
    starts[v] = used;
    ids.forEach((id, i) => {
      if (id === v) order[used++] = i;
    });
  }
  return { starts, order };
};

kernelSuite(
  'embedding_order',
  SIZES.map(([rows, m, V]) => ({
    title: `${rows} x ${m} ids of ${V}`,
    rows,
    operands: {
      ids: { data: idsOf(rows * m, V).map((id, i) => (i % 7 === 3 ? V + 2 : id)) },
      starts: { data: new Uint32Array(V + 1) },
      order: { data: new Uint32Array(rows * m) },
    },
    ints: { m, V },
    writes: ['starts', 'order'],
    tolerance: 0,
  })),
);

const backward = (rows: number, m: number, V: number, E: number, leafEnds?: readonly number[]) => {
  const { starts, order } = sorted(idsOf(rows * m, V), V);
  return {
    title: `${rows} x ${m} uses of a table (${V}, ${E})${leafEnds ? ` in ${leafEnds.length} leaves` : ''}`,
    rows,
    operands: {
      dy: { data: noise(rows * m * E, 3), misalign: 4 },
      starts: { data: starts },
      order: { data: order },
      out: { data: zeros(V * E), ladder: [noise(V * E, 4), noise(V * E, 5)] },
    },
    ints: { m, V, E },
    writes: ['out'],
    tolerance: 2e-7,
    ...(leafEnds && { leafEnds }),
  } satisfies KernelCase<'embedding_backward'>;
};

kernelSuite('embedding_backward', [
  ...SIZES.map(([rows, m, V, E]) => backward(rows, m, V, E)),
  backward(9, 30, 130, 33, [3, 5, 7, 9]),
  backward(9, 30, 20, 5, [2, 4, 6, 7, 9]),
]);

describe('embedding_backward', () => {
  it('gives the bits of separate leaves added left + right, for three leaves in one call', () => {
    const [m, V, E] = [11, 9, 6];
    const ends = [2, 3, 5];
    const ids = idsOf(5 * m, V);
    const dy = noise(5 * m * E, 3);
    const sum = (from: number, to: number, ladder: Float32Array[], leafEnds?: readonly number[]) => {
      const { starts, order } = sorted(ids.slice(from * m, to * m), V);
      const operands = {
        dy: { data: dy.slice(from * m * E, to * m * E) },
        starts: { data: starts },
        order: { data: order },
        out: { data: zeros(V * E), ladder },
      };
      const c = { title: '', rows: to - from, operands, ints: { m, V, E }, writes: ['out'] as const, tolerance: 0 };
      return outputsOf('embedding_backward', { ...c, ...(leafEnds && { leafEnds }) }).get('out') as Float32Array;
    };
    const [first, second, third] = [sum(0, 2, []), sum(2, 3, []), sum(3, 5, [])];
    const left = sum(2, 3, [first]);
    assert.deepEqual(
      left,
      first.map((x, i) => x + second[i]!),
    );
    assert.deepEqual(sum(0, 5, [], ends), sum(3, 5, [left]));
    assert.deepEqual(
      sum(3, 5, [left]),
      left.map((x, i) => x + third[i]!),
    );
  });
});
