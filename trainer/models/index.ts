// index.ts: models by name, one line each: `"model": {"builder": "vit_tiny", "classes": 10}` in a job. What they are made of: layers/.
import { z } from 'zod';
import { check } from '../../base/check.ts';
import { alexnet } from './alexnet.ts';
import { bertSmall } from './bert.ts';
import { convnextTiny } from './convnext-tiny.ts';
import type { ModelBuilder } from './define.ts';
import { densenet121 } from './densenet121.ts';
import { efficientnetB0 } from './efficientnet-b0.ts';
import { googlenet } from './googlenet.ts';
import { gptNano } from './gpt.ts';
import { lenet5 } from './lenet5.ts';
import { mobilenetV2 } from './mobilenet-v2.ts';
import { resnet18, resnet34, resnet50, resnet101 } from './resnet.ts';
import { transformerEncoder } from './transformer-encoder.ts';
import { vgg16 } from './vgg16.ts';
import { vitB16, vitSmall, vitTiny } from './vit.ts';

export const models: Readonly<Record<string, ModelBuilder>> = {
  alexnet,
  bert_small: bertSmall,
  convnext_tiny: convnextTiny,
  densenet121,
  efficientnet_b0: efficientnetB0,
  googlenet,
  gpt_nano: gptNano,
  lenet5,
  mobilenet_v2: mobilenetV2,
  resnet101,
  resnet18,
  resnet34,
  resnet50,
  transformer_encoder: transformerEncoder,
  vgg16,
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
