// index.ts: the registry of callbacks, by Keras' class names: one line each; and what all of a job's decide together.
import type { z } from 'zod';
import { type Choice, choice } from '../../base/choice.ts';
import { csvLogger } from './csv-logger.ts';
import { earlyStopping } from './early-stopping.ts';
import type { CallbackKind, Decision, Evaluated } from './kind.ts';
import { modelCheckpoint } from './model-checkpoint.ts';
import { reduceLrOnPlateau } from './reduce-lr-on-plateau.ts';

export const callbacks = {
  EarlyStopping: earlyStopping,
  ReduceLROnPlateau: reduceLrOnPlateau,
  ModelCheckpoint: modelCheckpoint,
  CSVLogger: csvLogger,
} as const;

type Shapes = { readonly [K in keyof typeof callbacks]: (typeof callbacks)[K]['config'] };
const shapes = Object.fromEntries(
  Object.entries(callbacks).map(([name, { config }]) => [name, config]),
) as unknown as Shapes;

/** One of them with its options, every default filled in. */
export type CallbackConfig = Choice<Shapes>;
export const callbackSchema = choice('callbacks', shapes);

const kindOf = ({ class_name }: CallbackConfig): CallbackKind<z.ZodRawShape> =>
  callbacks[class_name] as unknown as CallbackKind<z.ZodRawShape>;

/** Those whose decisions change what is computed. */
export const deciding = (configs: readonly CallbackConfig[]): readonly CallbackConfig[] =>
  configs.filter((config) => kindOf(config).decide !== undefined);

/** What callbacks decide after these evaluations. Of several rates the lowest holds. @param rate the optimizer's, where it is a number */
export function decide(configs: readonly CallbackConfig[], past: readonly Evaluated[], rate: number | null): Decision {
  const all = configs.map((one) => kindOf(one).decide?.(one.config as never, past, rate) ?? {});
  const rates = all.flatMap((one) => one.rate ?? []);
  return { rate: rates.length === 0 ? null : Math.min(...rates), stop: all.some((one) => one.stop === true) };
}
