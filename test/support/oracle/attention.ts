// attention.ts: attention and masks of places in float64, score by score. It shares no code with kernels/.
import { draws, unit } from '../../../base/random.ts';
import type { LayerConfig } from '../../../trainer/model.ts';
import { addBias, type DropoutDraw } from './pointwise.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

/** (B, places): which hold something; null: all. */
export type Mask = Float64Array | null;

const PASS = [
  ...['Activation', 'Dense', 'Dropout', 'ELU', 'LayerNormalization', 'LeakyReLU', 'MultiHeadAttention', 'PReLU'],
  ...['GroupNormalization', 'LayerScale', 'Normalization', 'PositionEmbedding', 'Rescaling'],
  ...['ReLU', 'RMSNormalization', 'Add', 'Average', 'Maximum', 'Minimum', 'Multiply', 'Subtract'],
];

/** The mask of a layer's output, as Keras has it. */
export function maskAfter({ className, config }: LayerConfig, inputs: readonly Tensor[], masks: readonly Mask[]): Mask {
  const [x] = inputs as [Tensor];
  if (className === 'Embedding' && config['mask_zero']) return x.data.map((id) => Number(id !== 0));
  if (className === 'Masking') {
    const places = x.shape[0]! * x.shape[1]!;
    const width = x.shape[2]!;
    const holds = (_: unknown, at: number) =>
      x.data.slice(at * width, (at + 1) * width).some((v) => v !== config['mask_value']);
    return Float64Array.from({ length: places }, (_, at) => Number(holds(_, at)));
  }
  if (!PASS.includes(className)) return null;
  if (className === 'MultiHeadAttention') return masks[0]!;
  // several: where any lets a place pass; none where one has none
  return masks.reduce((a, b) => a && b && a.map((v, i) => Math.max(v, b[i]!)));
}

/** x (B, T, E) times the mask of each place. */
export function masked(tape: Tape, x: Tensor, mask: Float64Array): Tensor {
  const width = x.shape[2]!;
  const y = tensor(
    x.shape,
    x.data.map((v, i) => v * mask[Math.floor(i / width)]!),
  );
  tape.record(() => {
    y.gradient.forEach((dy, i) => {
      x.gradient[i]! += dy * mask[Math.floor(i / width)]!;
    });
  });
  return y;
}

/** x (B, T, E) -> (B, E): the mean over the places that hold something. */
export function maskedMean(tape: Tape, x: Tensor, mask: Float64Array): Tensor {
  const [B, T, E] = x.shape as [number, number, number];
  const y = tensor([B, E]);
  const share = (b: number, t: number) => mask[b * T + t]! / mask.slice(b * T, (b + 1) * T).reduce((p, q) => p + q, 0);
  const each = (use: (x: number, y: number, share: number) => void) => {
    for (let b = 0; b < B; b++)
      for (let t = 0; t < T; t++) for (let e = 0; e < E; e++) use((b * T + t) * E + e, b * E + e, share(b, t));
  };
  each((from, to, s) => {
    y.data[to]! += s * x.data[from]!;
  });
  tape.record(() =>
    each((from, to, s) => {
      x.gradient[from]! += s * y.gradient[to]!;
    }),
  );
  return y;
}

/** x (B, T, K) W (K, H, D) + bias -> (B, T, H, D). */
function projected(tape: Tape, x: Tensor, kernel: Tensor, bias: Tensor | null, shape: readonly number[]): Tensor {
  const [B, T] = x.shape as [number, number];
  const K = kernel.data.length / shape.reduce((a, b) => a * b, 1);
  const N = kernel.data.length / K;
  const y = tensor([B, T, ...shape]);
  const each = (use: (x: number, w: number, y: number) => void) => {
    for (let m = 0; m < B * T; m++)
      for (let k = 0; k < K; k++) for (let n = 0; n < N; n++) use(m * K + k, k * N + n, m * N + n);
  };
  each((xi, wi, yi) => {
    y.data[yi]! += x.data[xi]! * kernel.data[wi]!;
  });
  tape.record(() =>
    each((xi, wi, yi) => {
      x.gradient[xi]! += kernel.data[wi]! * y.gradient[yi]!;
      kernel.gradient[wi]! += x.data[xi]! * y.gradient[yi]!;
    }),
  );
  return bias ? addBias(tape, y, bias) : y;
}

interface Options {
  readonly config: Readonly<Record<string, unknown>>;
  weight(name: string): Tensor;
  readonly masks: readonly Mask[];
  readonly site: number;
  readonly draw: DropoutDraw | undefined;
}

/** Keras' MultiHeadAttention of query, value and, by choice, key. A query that nothing may answer gets zeros. */
export function multiHeadAttention(tape: Tape, inputs: readonly Tensor[], o: Options): Tensor {
  const { config, weight, masks } = o;
  const [query, value, key = value] = inputs as [Tensor, Tensor, Tensor?];
  const H = config['num_heads'] as number;
  const D = config['key_dim'] as number;
  const E = (config['value_dim'] as number | null) ?? D;
  const bias = (part: string) => (config['use_bias'] ? weight(`${part}_bias`) : null);
  const q = projected(tape, query, weight('query_kernel'), bias('query'), [H, D]);
  const k = projected(tape, key, weight('key_kernel'), bias('key'), [H, D]);
  const v = projected(tape, value, weight('value_kernel'), bias('value'), [H, E]);
  const [B, T, S] = [query.shape[0]!, query.shape[1]!, value.shape[1]!];
  const y = tensor([B, T, H * E]);
  const rate = o.draw ? (config['dropout'] as number) : 0;
  const padded = Math.ceil(S / 32) * 32;
  for (let b = 0; b < B; b++) {
    const word = o.draw ? draws(o.draw.seed, o.draw.firstSlot + b, o.site, o.draw.step) : () => 0;
    for (let h = 0; h < H; h++)
      for (let t = 0; t < T; t++) {
        const qi = ((b * T + t) * H + h) * D;
        const yi = (b * T + t) * H * E + h * E;
        const open = (s: number) =>
          !(config['use_causal_mask'] && s > t) &&
          masks.slice(1).every((mask) => mask === null || mask[b * S + s] !== 0);
        const keys = Array.from({ length: S }, (_, s) => s).filter(open);
        const at = (s: number, width: number) => ((b * S + s) * H + h) * width;
        const dot = (s: number) => {
          let sum = 0;
          for (let d = 0; d < D; d++) sum += q.data[qi + d]! * k.data[at(s, D) + d]!;
          return sum / Math.sqrt(D);
        };
        const powers = keys.map((s) => Math.exp(dot(s)));
        const total = powers.reduce((x, z) => x + z, 0);
        const p = powers.map((power) => power / total);
        const keep = keys.map((s) =>
          rate === 0 ? 1 : unit(word((h * T + t) * padded + s)) >= rate ? 1 / (1 - rate) : 0,
        );
        keys.forEach((s, i) => {
          for (let e = 0; e < E; e++) y.data[yi + e]! += p[i]! * keep[i]! * v.data[at(s, E) + e]!;
        });
        tape.record(() => {
          const dp = keys.map((s, i) => {
            let sum = 0;
            for (let e = 0; e < E; e++) {
              sum += y.gradient[yi + e]! * v.data[at(s, E) + e]!;
              v.gradient[at(s, E) + e]! += p[i]! * keep[i]! * y.gradient[yi + e]!;
            }
            return sum * keep[i]!;
          });
          const lost = dp.reduce((sum, value, i) => sum + value * p[i]!, 0);
          keys.forEach((s, i) => {
            const ds = (p[i]! * (dp[i]! - lost)) / Math.sqrt(D);
            for (let d = 0; d < D; d++) {
              q.gradient[qi + d]! += ds * k.data[at(s, D) + d]!;
              k.gradient[at(s, D) + d]! += ds * q.data[qi + d]!;
            }
          });
        });
      }
  }
  const out = weight('attention_output_kernel');
  return projected(tape, y, out, bias('attention_output'), [out.shape[2]!]);
}
