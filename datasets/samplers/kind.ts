// kind.ts: what an order of draws is: the samples of an epoch's places, a pure function of (seed, epoch). No order stands here (index.ts lists them).
import type { z } from 'zod';
import type { Seed } from '../../base/random.ts';

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>>;

/** What samples are chosen by. */
export interface Facts {
  readonly length: number;
  readonly seed: Seed;
  /** Of each sample; null where no order asks for them. */
  readonly labels: Int32Array | null;
  /** Labels are 0 to classes - 1. */
  readonly classes: number;
}

/** The samples at places `first` to `first + size - 1` of an epoch, each place below `length`. */
export type Order = (epoch: number, first: number, size: number) => Uint32Array;

export interface SamplerKind<S extends z.ZodRawShape> {
  readonly config: S;
  readonly byLabel: boolean;
  /** @throws SHOAL_JOB */
  open(config: Values<S>, facts: Facts): Order;
}

/** Types an order by its options. */
export const samplerKind = <const S extends z.ZodRawShape>(kind: SamplerKind<S>): SamplerKind<S> => kind;

/** An order that is made for a whole epoch. What is kept changes no answer: the same question always has the same one. */
export function wholeEpochs(make: (epoch: number) => Uint32Array): Order {
  let kept = -1;
  let order: Uint32Array = new Uint32Array(0);
  return (epoch, first, size) => {
    if (epoch !== kept) {
      order = make(epoch);
      kept = epoch;
    }
    return order.slice(first, first + size);
  };
}

/** (classes) The samples of each, in the dataset's order. */
export function byClass({ labels, classes }: Facts): Uint32Array[] {
  const counts = new Uint32Array(classes);
  for (const label of labels!) counts[label]!++;
  const members = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  labels!.forEach((label, i) => {
    members[label]![counts[label]!++] = i;
  });
  return members;
}
