// kind.ts: what a callback is: a decision that a run's evaluations lead to, or a wish that a run fulfils. No callback stands here.
//
// Decisions are a fold over what was measured so far, and over nothing else: whoever knows the figures, before or after a crash, in one
// process or in a coordinator, comes to the same ones.
import { z } from 'zod';

/** What an evaluation measured. */
export interface Evaluated {
  /** Steps that made the parameters it was taken of. */
  readonly version: number;
  /** From 1. */
  readonly epoch: number;
  /** Numbers by name: "loss", "accuracy". */
  readonly figures: Readonly<Record<string, number>>;
}

/** What a run does next. */
export interface Decision {
  /** In place of the optimizer's learning rate; null: that. */
  readonly rate: number | null;
  readonly stop: boolean;
  /** The evaluated version whose weights the run ends with; null: those of its last step. */
  readonly best: number | null;
}

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>>;

export interface CallbackKind<S extends z.ZodRawShape> {
  readonly config: S;
  /** Left out by those that decide nothing. @param rate the optimizer's learning rate, where it is a number */
  decide?(config: Values<S>, past: readonly Evaluated[], rate: number | null): Partial<Decision>;
}

/** Types a callback by its options. */
export const callback = <const S extends z.ZodRawShape>(kind: CallbackKind<S>): CallbackKind<S> => kind;

/** Options of what watches one figure, as Keras names them. */
export const watching = {
  /** A figure on held-out data: "val_loss", "val_accuracy". */
  monitor: z
    .string()
    .regex(/^val_./, 'a figure on held-out data: "val_loss", "val_accuracy"')
    .default('val_loss'),
  mode: z.enum(['auto', 'min', 'max']).default('auto'),
} as const;

interface Watching {
  readonly monitor: string;
  readonly mode: 'auto' | 'min' | 'max';
}

/** How a metric's name ends; an output, whose name may stand before it, or before "loss", has any. */
const GREATER = /(^|_)(accuracy|top_\d+|precision|recall|f1)$/;

/** The watched figure, and whether more of it is better. */
export function figureOf({ monitor, mode }: Watching): { readonly name: string; readonly max: boolean } {
  const name = monitor.slice('val_'.length);
  return { name, max: mode === 'max' || (mode === 'auto' && GREATER.test(name)) };
}

/** The watched figure of each evaluation that has it, turned so that less is better. */
export function watched(watching: Watching, past: readonly Evaluated[]): readonly (Evaluated & { value: number })[] {
  const { name, max } = figureOf(watching);
  return past.flatMap((one) => {
    const value = one.figures[name];
    return value === undefined ? [] : [{ ...one, value: max ? -value : value }];
  });
}
