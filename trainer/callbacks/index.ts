// index.ts: the registry of callbacks, by Keras' class names: one line each; and what all of a job's decide together.
import { z } from 'zod';
import { type Choice, choice } from '../../base/choice.ts';
import { optionsOf } from '../layers/custom-layer.ts';
import { csvLogger } from './csv-logger.ts';
import { earlyStopping } from './early-stopping.ts';
import type { CallbackKind, Decision, Evaluated } from './kind.ts';
import { modelCheckpoint } from './model-checkpoint.ts';
import { reduceLrOnPlateau } from './reduce-lr-on-plateau.ts';
import { registeredCallbacks } from './registered.ts';

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
const own = (): Readonly<Record<string, z.ZodRawShape>> =>
  Object.fromEntries([...registeredCallbacks.values()].map(({ className, config }) => [className, optionsOf(config)]));
/** Callbacks that users have registered by the time that a job is read are among them. */
export const callbackSchema = z.unknown().transform((value, context): CallbackConfig => {
  const read = choice('callbacks', { ...shapes, ...own() }).safeParse(value);
  if (read.success) return read.data as unknown as CallbackConfig;
  context.issues.push(...(read.error.issues as unknown as typeof context.issues));
  return z.NEVER;
});

/** None for a user's own, which decides nothing. */
const kindOf = ({ class_name }: CallbackConfig): CallbackKind<z.ZodRawShape> | undefined =>
  callbacks[class_name] as unknown as CallbackKind<z.ZodRawShape> | undefined;

/** Those whose decisions change what is computed. */
export const deciding = (configs: readonly CallbackConfig[]): readonly CallbackConfig[] =>
  configs.filter((config) => kindOf(config)?.decide !== undefined);

/** Whether a run may end with the weights of an earlier evaluation: some callback names one, or null until there is one. */
export const namesBest = (configs: readonly CallbackConfig[]): boolean =>
  configs.some((one) => 'best' in (kindOf(one)?.decide?.(one.config as never, [], null) ?? {}));

/** What callbacks decide after these evaluations. Of several rates the lowest holds, of several best versions the last callback's. @param rate the optimizer's, where it is a number */
export function decide(configs: readonly CallbackConfig[], past: readonly Evaluated[], rate: number | null): Decision {
  const all = configs.map((one) => kindOf(one)?.decide?.(one.config as never, past, rate) ?? {});
  const rates = all.flatMap((one) => one.rate ?? []);
  return {
    rate: rates.length === 0 ? null : Math.min(...rates),
    stop: all.some((one) => one.stop === true),
    best: all.findLast((one) => typeof one.best === 'number')?.best ?? null,
  };
}
