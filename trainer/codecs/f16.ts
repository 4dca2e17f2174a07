// f16.ts: each leaf's sums in half precision (IEEE 754, binary16), to nearest even; finite ones stay finite (kernels, round_f16).
import type { Codec } from './kind.ts';

export const f16: Codec = {
  round({ build, values, count }) {
    build.call('round_f16', { values }, { count }, {});
  },
};
