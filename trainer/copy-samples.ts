// copy-samples.ts: samples out of a table (control.ts, TABLE) into an input: by compute threads, and by whoever computes a step again.
// Nothing here allocates. It imports no node: module.
import { TABLE } from './control.ts';

/**
 * Copies rows [from, to) of an input. `i32` and `u8` are views of the memory that holds the table and the input.
 * @param table byte address
 * @param numbers where samples stand by number; `first` is the input's first
 * @param input byte address
 */
export function copySamples(
  i32: Int32Array,
  u8: Uint8Array,
  table: number,
  numbers: Int32Array | Uint32Array,
  first: number,
  input: number,
  from: number,
  to: number,
): void {
  const head = table >>> 2;
  for (let field = i32[head]! - 1; field >= 0; field--) {
    const at = head + 1 + TABLE.words * field;
    const column = i32[at + TABLE.column]!;
    const rowBytes = i32[at + TABLE.rowBytes]!;
    const place = input + i32[at + TABLE.at]!;
    for (let row = from; row < to; row++) {
      const source = (column + numbers[first + row]! * rowBytes) >>> 0;
      const target = (place + row * rowBytes) >>> 0;
      if (rowBytes % 4 !== 0) u8.copyWithin(target, source, source + rowBytes);
      else copyWords(i32, source >>> 2, target >>> 2, rowBytes >>> 2); // a call costs more than a row
    }
  }
}

function copyWords(i32: Int32Array, from: number, to: number, count: number): void {
  for (let word = 0; word < count; word++) i32[to + word] = i32[from + word]!;
}
