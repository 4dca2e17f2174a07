// row-normalize.ts: the calls of layers that normalise each row of a sample by itself. Which rows and what by, the layers say.
import { elements } from '../model.ts';
import type { Given } from '../plan-builder.ts';
import { hasHalo, type Tensor } from '../tensor.ts';
import type { Backward, Emitted, Forward } from './kind.ts';

export interface RowOptions {
  /** Floats of a row: the last axes. */
  readonly C: number;
  /** Around the mean and by the deviation, by the root of the mean square, or by the length (at least the root of epsilon). */
  readonly by: 'deviation' | 'rms' | 'length';
  readonly epsilon: number;
  /** Names of the weights; null where there is none. */
  readonly gamma: string | null;
  readonly beta: string | null;
}

const MODES = { deviation: 0, rms: 1, length: 2 } as const;

/** y = (x - mean) / deviation * gamma + beta, row by row. */
export function emitRows(f: Forward, { C, by, epsilon, gamma, beta }: RowOptions): Emitted {
  const { build } = f;
  const x = build.compact(f.inputs[0]!); // (m, C)
  const y = f.output();
  const result = hasHalo(y.halo) ? build.tensor(y.shape) : y;
  const m = elements(x.shape) / C;
  const norm: Given = { buffer: build.buffer(8 * build.rows * m), at: 0 }; // (rows, m, 2)
  const sizes = { m, C, mode: MODES[by], hasGamma: gamma === null ? 0 : 1 };
  const scale = gamma === null ? norm : f.weight(gamma);
  const hasBeta = beta === null ? 0 : 1;
  build.call(
    'row_normalize',
    { x: build.at(x), gamma: scale, beta: beta === null ? norm : f.weight(beta), y: build.at(result), norm },
    { ...sizes, hasBeta },
    { epsilon },
  );
  if (result !== y) build.copy(result, y);

  function inputGradient(dY: Tensor, dX: Tensor): void {
    const compact = hasHalo(dX.halo) ? build.tensor(dX.shape) : dX;
    const operands = { dy: build.at(dY), x: build.at(x), gamma: scale, norm, dx: build.at(compact) };
    build.call('row_normalize_backward', operands, sizes, {}, { independent: gamma !== null || beta !== null });
    if (compact !== dX) build.copy(compact, dX);
  }

  return {
    output: y,
    backward(g: Backward) {
      const dY = build.compact(g.dY);
      if (gamma !== null || beta !== null) {
        const sums = {
          dGamma: gamma === null ? norm : g.gradient(gamma),
          dBeta: beta === null ? norm : g.gradient(beta),
        };
        const { hasGamma } = sizes;
        const operands = { dy: build.at(dY), x: build.at(x), norm, ...sums };
        build.call('row_normalize_gradients', operands, { m, C, hasGamma, hasBeta }, {});
      }
      if (g.wants(0)) inputGradient(dY, g.dInput(0));
    },
  };
}
