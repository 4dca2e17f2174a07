// index.ts: the registry of losses, by Keras' class names: one line each.
import { type Choice, choice } from '../../base/choice.ts';
import { binaryCrossentropy } from './binary-crossentropy.ts';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './crossentropy.ts';
import { binaryFocalCrossentropy, categoricalFocalCrossentropy } from './focal.ts';
import { common, type LossCall, type LossKind } from './kind.ts';
import { meanSquaredError } from './mean-squared-error.ts';
import { hinge, huber, klDivergence, logCosh, meanAbsoluteError, poisson, squaredHinge } from './pointwise.ts';
import { categoricalHinge, cosineSimilarity } from './rows.ts';

export const losses = {
  SparseCategoricalCrossentropy: sparseCategoricalCrossentropy,
  CategoricalCrossentropy: categoricalCrossentropy,
  BinaryCrossentropy: binaryCrossentropy,
  CategoricalFocalCrossentropy: categoricalFocalCrossentropy,
  BinaryFocalCrossentropy: binaryFocalCrossentropy,
  MeanSquaredError: meanSquaredError,
  MeanAbsoluteError: meanAbsoluteError,
  Huber: huber,
  LogCosh: logCosh,
  Hinge: hinge,
  SquaredHinge: squaredHinge,
  CategoricalHinge: categoricalHinge,
  KLDivergence: klDivergence,
  Poisson: poisson,
  CosineSimilarity: cosineSimilarity,
} as const;

export type LossName = keyof typeof losses;
type Shapes = { readonly [K in LossName]: (typeof losses)[K]['config'] & typeof common };

/** One of them with its options, every default filled in. */
export type LossConfig = Choice<Shapes>;
export const lossSchema = choice(
  'losses',
  Object.fromEntries(
    Object.entries(losses).map(([name, { config }]) => [name, { ...config, ...common }]),
  ) as unknown as Shapes,
);

/** A loss by its class name, with options. */
export const lossNamed = (class_name: LossName, config: object = {}): LossKind =>
  lossOf(lossSchema.parse({ class_name, config }));

export function lossOf({ class_name, config }: LossConfig): LossKind {
  const { kind, emit } = losses[class_name];
  return { ...kind, emit: (call) => (emit as (config: unknown, call: LossCall) => void)(config, call) };
}

/** Whether an output's loss is given logits. */
export const fromLogits = ({ config }: LossConfig): boolean => 'from_logits' in config && config.from_logits;
