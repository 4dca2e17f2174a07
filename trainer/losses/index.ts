// index.ts: the registry of losses, by Keras' class names: one line each.
import { z } from 'zod';
import { type Choice, choice } from '../../base/choice.ts';
import { optionsOf } from '../layers/custom-layer.ts';
import { binaryCrossentropy } from './binary-crossentropy.ts';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './crossentropy.ts';
import { customLossKind } from './custom-loss.ts';
import { binaryFocalCrossentropy, categoricalFocalCrossentropy } from './focal.ts';
import { common, type LossCall, type LossKind } from './kind.ts';
import { meanSquaredError } from './mean-squared-error.ts';
import { hinge, huber, klDivergence, logCosh, meanAbsoluteError, poisson, squaredHinge } from './pointwise.ts';
import { registeredLosses } from './registered.ts';
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
const shapes = Object.fromEntries(Object.entries(losses).map(([name, { config }]) => [name, { ...config, ...common }]));
const own = (): Readonly<Record<string, z.ZodRawShape>> =>
  Object.fromEntries(
    [...registeredLosses.values()].map(({ className, config }) => [className, { ...optionsOf(config), ...common }]),
  );
/** Losses that users have registered by the time that a job is read are among them. */
export const lossSchema = z.unknown().transform((value, context): LossConfig => {
  const read = choice('losses', { ...shapes, ...own() }).safeParse(value);
  if (read.success) return read.data as unknown as LossConfig;
  context.issues.push(...(read.error.issues as unknown as typeof context.issues));
  return z.NEVER;
});

/** A loss by its class name, with options. */
export const lossNamed = (class_name: LossName, config: object = {}): LossKind =>
  lossOf(lossSchema.parse({ class_name, config }));

export function lossOf({ class_name, config }: LossConfig): LossKind {
  const written = registeredLosses.get(class_name);
  if (written) return customLossKind(written, config as Parameters<typeof customLossKind>[1]);
  const { kind, emit } = losses[class_name];
  return { ...kind, emit: (call) => (emit as (config: unknown, call: LossCall) => void)(config, call) };
}

/** Whether an output's loss is given logits. */
export const fromLogits = ({ config }: LossConfig): boolean => 'from_logits' in config && config.from_logits;
