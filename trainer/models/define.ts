// define.ts: what a named model gives to the registry. Not the registry (index.ts).
import type { z } from 'zod';

export interface ModelBuilder<Schema extends z.ZodObject = z.ZodObject> {
  /** Its options, strict, beside `builder`; every one has a default. */
  readonly options: Schema;
  /** The model as Keras writes it. */
  build(options: z.output<Schema>): object;
  /** Trained weights with the defaults: as many as Keras or torchvision have. */
  readonly parameters: number;
}

/** Infers the options' type from their schema. */
export const defineModel = <Schema extends z.ZodObject>(builder: ModelBuilder<Schema>): ModelBuilder<Schema> => builder;
