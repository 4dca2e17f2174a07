// index.ts: the registry of optimizers, by Keras' class names where Keras has them: one line each.
import { type Choice, choice } from '../../base/choice.ts';
import { adadelta } from './adadelta.ts';
import { adagrad } from './adagrad.ts';
import { adam, adamW } from './adam.ts';
import { adamax } from './adamax.ts';
import { type AnyOptimizer, common } from './kind.ts';
import { lamb } from './lamb.ts';
import { lars } from './lars.ts';
import { lion } from './lion.ts';
import { nadam } from './nadam.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

export const optimizers = {
  SGD: sgd,
  Adam: adam,
  AdamW: adamW,
  Nadam: nadam,
  Adamax: adamax,
  RMSprop: rmsprop,
  Adagrad: adagrad,
  Adadelta: adadelta,
  Lion: lion,
  Lamb: lamb,
  LARS: lars,
} as const;

export type OptimizerName = keyof typeof optimizers;
type Shapes = {
  readonly [K in OptimizerName]: Omit<typeof common, keyof (typeof optimizers)[K]['config']> &
    (typeof optimizers)[K]['config'];
};

/** One of them with its options, every default filled in. */
export type OptimizerConfig = Choice<Shapes>;
export const optimizerSchema = choice(
  'optimizers',
  Object.fromEntries(
    Object.entries(optimizers).map(([name, { config }]) => [name, { ...common, ...config }]),
  ) as unknown as Shapes,
);

export const optimizerOf = (name: OptimizerName): AnyOptimizer => optimizers[name] as unknown as AnyOptimizer;
