// far.ts: matrices that lie outside the caches, and asking for their rows before they are needed: WebAssembly has no prefetch, but a load
// that nobody reads is made too. No kernel.

/** From this size on a matrix is far: with all else that a step reads, it fills the caches of most cores. */
const FAR_BYTES: usize = 1 << 21;
/** A line of a cache. */
const LINE: usize = 64;

/** Whether a matrix of rows `stride` bytes apart, less than `limit`, is far. */
// @ts-ignore: decorator
@inline
export function isFar(rows: i32, stride: usize, limit: usize): bool {
  return stride < limit && stride * rows >= FAR_BYTES;
}

/** Asks for the first `bytes` bytes of some rows, line by line. */
export function touch(first: usize, stride: usize, rows: i32, bytes: usize): void {
  for (const end = first + stride * rows; first < end; first += stride)
    for (let at = first; at < first + bytes; at += LINE) load<u8>(at);
}
