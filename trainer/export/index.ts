// index.ts: formats that models are written in, one line each. What a format writes stands in its own file.
import { keras, kerasH5 } from './keras.ts';
import type { ModelWriter } from './model-file.ts';
import { shoal } from './shoal.ts';
import { tfjs } from './tfjs.ts';
import { torch } from './torch.ts';

export const modelWriters = {
  tfjs,
  keras,
  h5: kerasH5,
  safetensors: shoal,
  torch,
} as const satisfies Readonly<Record<string, ModelWriter>>;

export type ModelWriterName = keyof typeof modelWriters;
