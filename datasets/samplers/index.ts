// index.ts: the registry of orders in which training draws its samples: a new one is a file and a line here; and the labels that some need.
import type { z } from 'zod';
import { type Choice, choice } from '../../base/choice.ts';
import { ShoalError } from '../../base/errors.ts';
import type { Reader } from '../reader.ts';
import type { SamplerKind } from './kind.ts';
import { shuffled } from './shuffled.ts';
import { stratified } from './stratified.ts';
import { balanced, weighted } from './weighted.ts';

export const samplers = { shuffled, stratified, weighted, balanced } as const;

type Shapes = { readonly [K in keyof typeof samplers]: (typeof samplers)[K]['config'] };
const shapes = Object.fromEntries(
  Object.entries(samplers).map(([name, { config }]) => [name, config]),
) as unknown as Shapes;

/** One of them with its options. */
export type SamplerConfig = Choice<Shapes>;
export const samplerSchema = choice('samplers', shapes);

export const samplerKindOf = ({ class_name }: SamplerConfig): SamplerKind<z.ZodRawShape> =>
  samplers[class_name] as unknown as SamplerKind<z.ZodRawShape>;

/** The class of each sample. @throws SHOAL_DATA_LABEL where a sample has no class */
export function labelsOf({ fields, length, classes, read }: Reader, { class_name }: SamplerConfig): Int32Array {
  const { label } = fields;
  if (label?.dtype !== 'i32' || label.shape.length > 0 || classes === null) {
    throw new ShoalError({
      code: 'SHOAL_DATA_LABEL',
      operation: `draw samples: ${class_name}`,
      got: label ? `labels of ${label.dtype}, shape [${label.shape.join(', ')}]` : 'no labels',
      expected: 'a class for each sample',
      hint: 'Leave "sampler" out: then every sample is drawn once an epoch.',
    });
  }
  const labels = new Int32Array(length);
  const bytes = new Uint8Array(labels.buffer);
  for (let i = 0; i < length; i++) read(i, { label: bytes.subarray(4 * i, 4 * i + 4) });
  return labels;
}
