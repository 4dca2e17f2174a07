// packs.ts: the panels that kernels read, made from the parameters once per version; shared by all plans of a job.
import type { Operand } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import { PANEL } from '../kernels/signatures.ts';
import type { Packs } from './layers/kind.ts';
import { PlanBuilder, type PlanCall, type Tables } from './plan-builder.ts';

export interface PackPlan extends Packs {
  /** The calls that make all panels asked for so far; they are independent of each other. */
  calls(): readonly PlanCall[];
  readonly bytes: number;
}

export function createPacks(tables: Tables): PackPlan {
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
    calls: () => builder.finish().calls,
    get bytes() {
      return bytes;
    },
  };
}
