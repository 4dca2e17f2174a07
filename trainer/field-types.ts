// field-types.ts: of what type the fields of a run's dataset are, as checkpoints tell it to who has the model alone. Not their shapes, which the
// model has.
import { z } from 'zod';
import type { Dtype, Fields } from '../datasets/reader.ts';
import type { Model } from './model.ts';

const schema = z.looseObject({ fields: z.record(z.string(), z.enum(['u8', 'f32', 'i32'])) });

/** By name. */
export const fieldTypes = (fields: Fields): Record<string, Dtype> =>
  Object.fromEntries(Object.entries(fields).map(([name, { dtype }]) => [name, dtype]));

/**
 * The type of the field that a model's first input was trained on.
 * @param extra of a checkpoint's manifest
 * @returns undefined where the checkpoint does not tell: it is of an older version
 */
export function inputType({ inputs }: Model, extra: unknown): Dtype | undefined {
  const fields = schema.safeParse(extra).data?.fields;
  return fields?.[inputs[0]!.name] ?? fields?.['image'];
}
