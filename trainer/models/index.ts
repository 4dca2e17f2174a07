// index.ts: models by name, one line each: `"model": {"builder": "vit_tiny", "classes": 10}` in a job. What they are made of: layers/.
import { z } from 'zod';
import { check } from '../../base/check.ts';
import { bertSmall } from './bert.ts';
import type { ModelBuilder } from './define.ts';
import { gptNano } from './gpt.ts';
import { transformerEncoder } from './transformer-encoder.ts';
import { vitB16, vitSmall, vitTiny } from './vit.ts';

export const models: Readonly<Record<string, ModelBuilder>> = {
  bert_small: bertSmall,
  gpt_nano: gptNano,
  transformer_encoder: transformerEncoder,
  vit_b16: vitB16,
  vit_small: vitSmall,
  vit_tiny: vitTiny,
};

/** Whether a job's model is a name and options rather than layers. */
export const isNamed = (model: unknown): boolean => typeof model === 'object' && model !== null && 'builder' in model;

/** The model as Keras writes it. @throws SHOAL_MODEL for an unknown name or option */
export function buildNamed(model: unknown): object {
  const named = z.looseObject({ builder: z.enum(Object.keys(models) as [string]) });
  const problem = {
    code: 'SHOAL_MODEL',
    operation: 'build the model',
    hint: 'docs/models.md lists every option.',
  } as const;
  const { builder, ...options } = check(named, model, problem);
  const { options: schema, build } = models[builder]!;
  return build(check(schema, options, { ...problem, operation: `build the model ${builder}` }));
}
