// packs.ts: the panels that kernels read, and penalties of weights: made from the parameters once per version, of frozen ones once;
// shared by all plans of a job.
import type { Operand } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import { PANEL } from '../kernels/signatures/blocks.ts';
import type { Packs } from './layers/kind.ts';
import type { Segment } from './model.ts';
import { PlanBuilder, type PlanCall, type Tables } from './plan-builder.ts';
import { blocksOf } from './ranges.ts';

/** The calls that make panels; they are independent of each other. */
export interface PackCalls {
  /** To be run for each version of the parameters. */
  readonly moving: readonly PlanCall[];
  /** To be run before anything else: what is frozen is the same in every version. */
  readonly frozen: readonly PlanCall[];
}

export interface PackPlan extends Packs {
  /** What the penalties of these weights add to the loss, for each sample alike: f64, one a block of a tensor. */
  penalties(weights: readonly Segment[]): { readonly sums: Operand; readonly count: number };
  /** Of all panels asked for so far. */
  calls(): PackCalls;
  readonly bytes: number;
}

/** @param frozenFrom byte offset of the first frozen parameter */
export function createPacks(tables: Tables, frozenFrom: number): PackPlan {
  const builder = new PlanBuilder(0, tables);
  builder.pass = 'pack';
  const known = new Map<string, Operand>();
  let bytes = 0;
  const take = (key: string, floats: number, emit: (packed: Operand) => void): Operand => {
    const existing = known.get(key);
    if (existing) return existing;
    const packed: Operand = { space: 'packed', at: bytes };
    bytes = alignUp(bytes + 4 * floats);
    known.set(key, packed);
    emit(packed);
    return packed;
  };
  return {
    panels(source, key, i) {
      return take(`panels ${key}`, i.groups * Math.ceil(i.N / PANEL) * PANEL * i.K, (packed) => {
        builder.layer = key;
        builder.call('pack_panels', { source, packed }, i, {}, { independent: true });
      });
    },
    taps(source, key, { taps, N, K, ld, groups, groupStride }) {
      const T = taps.length;
      return take(`taps ${key} ${taps.join()}`, groups * Math.ceil(N / PANEL) * PANEL * T * K, (packed) => {
        builder.layer = key;
        const table = builder.tables.add(Uint32Array.from(taps, (tap) => 4 * tap * N * ld));
        const ints = { T, K, N, ld, groups, groupStride };
        builder.call('pack_taps', { source, taps: table, packed }, ints, {}, { independent: true });
      });
    },
    winograd(source, key, { K, N, turned }) {
      return take(`winograd ${key} ${turned}`, 16 * Math.ceil(N / PANEL) * PANEL * K, (packed) => {
        builder.layer = key;
        const table = builder.tables.add(Uint32Array.from({ length: 9 }, (_, i) => 4 * (turned ? 8 - i : i) * K * N));
        const ints = { K, N, ld: turned ? K : N, transposed: turned ? 1 : 0 };
        builder.call('pack_winograd', { source, taps: table, packed }, ints, {}, { independent: true });
      });
    },
    penalties(weights) {
      const count = weights.reduce((sum, weight) => sum + blocksOf(weight), 0);
      const sums = take('penalties', 2 * count, (packed) => {
        let { at } = packed;
        for (const weight of weights) {
          builder.layer = weight.path;
          const operands = { source: { space: 'parameters', at: 4 * weight.at }, sums: { ...packed, at } } as const;
          builder.call('penalty', operands, { count: weight.length }, { ...weight.penalty! }, { independent: true });
          at += 8 * blocksOf(weight);
        }
      });
      return { sums, count };
    },
    calls() {
      const { calls } = builder.finish();
      const isFrozen = ({ arguments: { operands } }: PlanCall): boolean =>
        (operands as { readonly source: Operand }).source.at >= frozenFrom;
      return { moving: calls.filter((call) => !isFrozen(call)), frozen: calls.filter(isFrozen) };
    },
    get bytes() {
      return bytes;
    },
  };
}
