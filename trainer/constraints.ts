// constraints.ts: bounds of weights after an update, by Keras' names: what they are for one weight. Where they act: updates.ts.
import { z } from 'zod';
import { choice } from '../base/choice.ts';
import { ShoalError } from '../base/errors.ts';
import { type Constraint, elements, type WeightSpec } from './model.ts';

const axis = z.union([z.int(), z.array(z.int()).min(1)], 'an axis, or a list of them').default(0);
const length = (fallback: number) => z.number().nonnegative().default(fallback);

/** A constraint in a layer's configuration, as a name or as {class_name, config}; null: none. */
export const constraint = choice('constraints', {
  MaxNorm: { max_value: length(2), axis },
  MinMaxNorm: { min_value: length(0), max_value: length(1), rate: z.number().min(0).max(1).default(1), axis },
  UnitNorm: { axis },
  NonNeg: {},
})
  .nullable()
  .default(null);

export type ConstraintConfig = z.output<typeof constraint>;

/**
 * What a weight's constraint is for its shape; null: none.
 * @throws SHOAL_MODEL for axes that are not neighbours
 */
export function boundsOf(
  { constraint: config, shape }: Pick<WeightSpec, 'constraint' | 'shape'>,
  path: string,
): Constraint | null {
  if (!config) return null;
  if (config.class_name === 'NonNeg') return { kind: 'sign' };
  const { axis: given } = config.config;
  const axes = (typeof given === 'number' ? [given] : given)
    .map((a) => (a < 0 ? a + shape.length : a))
    .sort((a, b) => a - b);
  const [first, last] = [axes[0]!, axes.at(-1)!];
  if (first < 0 || last >= shape.length || axes.some((a, i) => a !== first + i)) {
    throw new ShoalError({
      code: 'SHOAL_MODEL',
      operation: `constrain the weight "${path}"`,
      got: `axis ${JSON.stringify(given)} of the shape (${shape.join(', ')})`,
      expected: 'one of its axes, or several that are neighbours',
      hint: 'For the filters of Conv2D: "axis": [0, 1, 2].',
    });
  }
  return {
    kind: 'norm',
    outer: elements(shape.slice(0, first)),
    K: elements(shape.slice(first, last + 1)),
    inner: elements(shape.slice(last + 1)),
    ...lengthsOf(config),
  };
}

function lengthsOf(config: Exclude<ConstraintConfig, { class_name: 'NonNeg' } | null>) {
  switch (config.class_name) {
    case 'MaxNorm':
      return { floor: 0, ceiling: config.config.max_value, rate: 1 };
    case 'MinMaxNorm':
      return { floor: config.config.min_value, ceiling: config.config.max_value, rate: config.config.rate };
    case 'UnitNorm':
      return { floor: 1, ceiling: 1, rate: 1 };
  }
}
