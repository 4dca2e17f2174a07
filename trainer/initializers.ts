// initializers.ts: how weights begin: Keras' initializers by name, drawn from a counter. Not which weights there are (weights.ts).
import { z } from 'zod';
import { choice } from '../base/choice.ts';
import { draws, SITE, seedWords, unit } from '../base/random.ts';
import { cosineSine, log } from '../base/scalar.ts';
import { elements, type Initializer } from './model.ts';

/** Numbers for one weight, in order. */
interface Source {
  /** In [0, 1). */
  uniform(): number;
  /** Mean 0, deviation 1. */
  normal(): number;
  /** `normal`, drawn again until within two deviations. */
  truncated(): number;
}

interface Kind<S extends z.ZodRawShape> {
  readonly config: S;
  /** What gives the next value of a weight of this shape. */
  values(config: z.infer<z.ZodObject<S>>, shape: readonly number[], source: Source): () => number;
}

const kind = <S extends z.ZodRawShape>(config: S, values: Kind<S>['values']): Kind<S> => ({ config, values });
const seed = { seed: z.int().nonnegative().nullable().default(null) };
const off = z.null('null: Shoal counts fans from the last two axes').default(null);
/** Options of the initializers that scale with a weight's fans. Keras 3.15 added the axes. */
const fanned = { ...seed, input_axes: off, output_axes: off };
const number = (fallback: number) => z.number().default(fallback);
const normal = { mean: number(0), stddev: z.number().nonnegative().default(0.05), ...seed };
const mode = z.enum(['fan_in', 'fan_out', 'fan_avg']);
const distribution = z.enum(['uniform', 'truncated_normal', 'untruncated_normal']);
const scaled = (scale: number, m: z.infer<typeof mode>, d: z.infer<typeof distribution>) =>
  kind(fanned, (_, shape, source) => varianceScaling(scale, m, d, shape, source));

const kinds = {
  Zeros: kind({}, () => () => 0),
  Ones: kind({}, () => () => 1),
  Constant: kind({ value: number(0) }, (c) => () => c.value),
  RandomUniform: kind(
    { minval: number(-0.05), maxval: number(0.05), ...seed },
    (c, _, source) => () => c.minval + (c.maxval - c.minval) * source.uniform(),
  ),
  RandomNormal: kind(normal, (c, _, source) => () => c.mean + c.stddev * source.normal()),
  TruncatedNormal: kind(normal, (c, _, source) => () => c.mean + c.stddev * source.truncated()),
  GlorotUniform: scaled(1, 'fan_avg', 'uniform'),
  GlorotNormal: scaled(1, 'fan_avg', 'truncated_normal'),
  HeUniform: scaled(2, 'fan_in', 'uniform'),
  HeNormal: scaled(2, 'fan_in', 'truncated_normal'),
  LecunUniform: scaled(1, 'fan_in', 'uniform'),
  LecunNormal: scaled(1, 'fan_in', 'truncated_normal'),
  VarianceScaling: kind(
    {
      scale: z.number().positive().default(1),
      mode: mode.default('fan_in'),
      // tfjs and Keras 2 write the truncated one as "normal".
      distribution: z.preprocess(
        (d) => (d === 'normal' ? 'truncated_normal' : d),
        distribution.default('truncated_normal'),
      ),
      ...fanned,
    },
    (c, shape, source) => varianceScaling(c.scale, c.mode, c.distribution, shape, source),
  ),
};
const known: Readonly<Record<string, Kind<z.ZodRawShape>>> = kinds;

const shapes = Object.fromEntries(Object.entries(known).map(([name, { config }]) => [name, config]));

/** An initializer in a layer's configuration, as a name or as {class_name, config}; comes out as the latter, defaults filled in. */
export const initializerSchema = (fallback: string): z.ZodType<InitializerConfig> =>
  (choice('initializers', shapes) as z.ZodType<InitializerConfig>).prefault(fallback);

/** What `initializerSchema` gives. */
export interface InitializerConfig {
  readonly class_name: string;
  readonly config: Initializer['config'];
}

/** Fans of a weight as Keras counts them: the last two axes, times the size of all before (a receptive field). */
export function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = elements(shape.slice(0, -2));
  return { fanIn: field * shape.at(-2)!, fanOut: field * shape.at(-1)! };
}

/** Keras' VarianceScaling. 0.8796...: the deviation of a normal truncated at two, so that the result has the wanted one. */
function varianceScaling(
  scale: number,
  by: z.infer<typeof mode>,
  from: z.infer<typeof distribution>,
  shape: readonly number[],
  source: Source,
): () => number {
  const { fanIn, fanOut } = fans(shape);
  const fan = by === 'fan_in' ? fanIn : by === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, fan);
  const deviation = Math.sqrt(variance);
  const limit = Math.sqrt(3 * variance);
  switch (from) {
    case 'uniform':
      return () => limit * (2 * source.uniform() - 1);
    case 'truncated_normal':
      return () => (deviation / 0.8796256610342398) * source.truncated();
    case 'untruncated_normal':
      return () => deviation * source.normal();
  }
}

/** A Box-Muller pair takes two words; the second half of a pair waits for the next call. */
function sourceOf(word: (index: number) => number): Source {
  let index = 0;
  let spare: number | undefined;
  const uniform = () => unit(word(index++));
  const gauss = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * log(1 - uniform()));
    const [cosine, sine] = cosineSine(uniform());
    spare = radius * sine;
    return radius * cosine;
  };
  const truncated = () => {
    for (;;) {
      const value = gauss();
      if (Math.abs(value) <= 2) return value;
    }
  };
  return { uniform, normal: gauss, truncated };
}

/**
 * Fills `out` with a weight's first values: a pure function of the initializer, the shape, the seed and the slot. An
 * initializer's own seed, where it has one, stands in for the job's.
 * @param slot number of the weight in the model
 */
export function initialize(
  { className, config }: Initializer,
  shape: readonly number[],
  jobSeed: number,
  slot: number,
  out: Float32Array,
): void {
  const own = config['seed'];
  const word = draws(seedWords(typeof own === 'number' ? own : jobSeed), slot, SITE.initialize, 0);
  const next = known[className]!.values(config, shape, sourceOf(word));
  for (let i = 0; i < out.length; i++) out[i] = next();
}
