// embedding.ts: reference twins of lookups. Sums in f64.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { LOOKUP_BLOCK } from '../signatures/blocks.ts';
import { addLadder, rowsOf } from './shared.ts';

/** The row that an id names, or null. */
const rowOf = (id: number, V: number): number | null => (id >= 0 && id < V ? Math.floor(id) : null);

export const embedding: Family = (memory) => ({
  embedding(d, b, from, to) {
    const a = readArguments('embedding', memory, d, b);
    const end = Math.min(to * LOOKUP_BLOCK, rowsOf(memory, b) * a.m);
    for (let i = from * LOOKUP_BLOCK; i < end; i++) {
      const row = rowOf(memory.f32[(a.at.ids >> 2) + i]!, a.V);
      for (let e = 0; e < a.E; e++)
        memory.f32[(a.at.y >> 2) + i * a.E + e] =
          row === null ? Number.NaN : memory.f32[(a.at.table >> 2) + row * a.E + e]!;
    }
  },

  embedding_order(d, b) {
    const a = readArguments('embedding_order', memory, d, b);
    const places = Array.from({ length: rowsOf(memory, b) * a.m }, (_, i) => i);
    const rowAt = (i: number) => rowOf(memory.f32[(a.at.ids >> 2) + i]!, a.V);
    let used = 0;
    for (let v = 0; v <= a.V; v++) {
      memory.u32[(a.at.starts >> 2) + v] = used;
      for (const i of places) if (rowAt(i) === v) memory.u32[(a.at.order >> 2) + used++] = i;
    }
  },

  embedding_backward(d, b, from, to) {
    const a = readArguments('embedding_backward', memory, d, b);
    for (let v = from * LOOKUP_BLOCK; v < Math.min(a.V, to * LOOKUP_BLOCK); v++) {
      const starts = (a.at.starts >> 2) + v;
      for (let e = 0; e < a.E; e++) {
        let sum = 0;
        for (let use = memory.u32[starts]!; use < memory.u32[starts + 1]!; use++)
          sum += memory.f32[(a.at.dy >> 2) + memory.u32[(a.at.order >> 2) + use]! * a.E + e]!;
        const at = 4 * (v * a.E + e);
        memory.f32[(a.at.out + at) >> 2] = sum;
        addLadder(memory, b, a.at.out + at, a.offset.out + at);
      }
    }
  },
});
