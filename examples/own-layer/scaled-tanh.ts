// scaled-tanh.ts: a layer of one's own: y = scale tanh(slope x), with a learned scale a feature. examples/own-layer/job.json uses it.
// Outside this repository: import { registerLayer } from 'shoal'.
import { registerLayer } from '../../index.ts';

/** By division alone: Math.tanh differs between engines, and bits should not. Lambert's continued fraction, good to 1e-7 below 3. */
function tanh(x: number): number {
  if (Math.abs(x) > 4.97) return Math.sign(x);
  const z = x * x;
  const over = x * (135135 + z * (17325 + z * (378 + z)));
  return over / (135135 + z * (62370 + z * (3150 + 28 * z)));
}

registerLayer({
  module: import.meta.url,
  className: 'ScaledTanh',
  config: { slope: 1 },
  weights: (_, input) => [{ name: 'scale', shape: [input.at(-1)!], initializer: 'ones' }],
  forward({ config, x, y, weights }) {
    const slope = config['slope'] as number;
    const scale = weights['scale']!;
    for (let i = 0; i < x.length; i++) y[i] = scale[i % scale.length]! * tanh(slope * x[i]!);
  },
  backward({ config, x, dY, dX, weights, dWeights }) {
    const slope = config['slope'] as number;
    const scale = weights['scale']!;
    const dScale = dWeights['scale']!;
    for (let i = 0; i < x.length; i++) {
      const t = tanh(slope * x[i]!);
      dX[i] = dY[i]! * scale[i % scale.length]! * slope * (1 - t * t);
      dScale[i % scale.length]! += dY[i]! * t;
    }
  },
});
