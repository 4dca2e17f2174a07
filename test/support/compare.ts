// compare.ts: how far two vectors lie apart. Not a judgement: tests hold the tolerance.

/** Euclidean norm of actual - expected over the norm of expected; 0 when both are zero everywhere. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values beside ${expected.length}`);
  let [error, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return error === 0 ? 0 : Math.sqrt(error / norm);
}

/** Whether two arrays hold the same bytes. assert.deepEqual says the same, but takes minutes to say no. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}
