// parse-model.ts: a model as Keras 3 or tfjs write its configuration -> Model. Not files (import/), not jobs (job.ts).
import { z } from 'zod';
import { check, ignored, show, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { layerOf } from './layers/index.ts';
import type { LayerConfig, Model, TensorSpec } from './model.ts';
import { parseFunctional } from './parse-functional.ts';
import { chain } from './weights.ts';

export const modelError = (operation: string, got: string, expected: string, hint: string): ShoalError =>
  new ShoalError({ code: 'SHOAL_MODEL', operation, got, expected, hint });
