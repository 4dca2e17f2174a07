// recompute.ts: where a training plan forgets activations and computes them again while it runs backward: cuts of a model. Not the
// emitting (plan-forward.ts). Source: Chen et al., "Training deep nets with sublinear memory cost" (2016), arXiv 1604.06174.
import { elements, type Model, type TensorSpec } from './model.ts';

/** Values that may stand across a cut: more than these are kept for little. */
const ACROSS = 2;

/** A place between two calls. */
interface Place {
  /** The last call before it. */
  readonly name: string;
  /** Elements of all results up to it, and of those that are read behind it. */
  readonly before: number;
  readonly across: number;
}

/** The places of a model that few values cross. */
function placesOf({ calls, outputs }: Model, shapes: Readonly<Record<string, TensorSpec>>): readonly Place[] {
  const size = (name: string): number => elements(shapes[name]!.shape);
  const lastReader = new Map<string, number>();
  calls.forEach(({ inputs }, i) => {
    for (const name of inputs) lastReader.set(name, i);
  });
  for (const name of outputs) lastReader.set(name, calls.length);
  let before = 0;
  let open: string[] = [];
  return calls.flatMap(({ name }, i) => {
    before += size(name);
    open = [...open, name].filter((value) => (lastReader.get(value) ?? 0) > i);
    if (open.length > ACROSS || i === calls.length - 1) return [];
    return [{ name, before, across: open.reduce((sum, value) => sum + size(value), 0) }];
  });
}

/**
 * Ways to cut a model, few parts first: the last calls of parts of about as many activations, each cut where least has to be kept.
 * Empty for a model that cannot be cut.
 */
export function waysToCut(model: Model, shapes: Readonly<Record<string, TensorSpec>>): readonly (readonly string[])[] {
  const places = placesOf(model, shapes);
  const all = places.at(-1)?.before ?? 0;
  const ways = new Map<string, readonly string[]>();
  for (const parts of [2, 3, 4, 6, 8, 12, 16, 24, 32]) {
    if (parts > places.length + 1) break;
    const cuts = Array.from({ length: parts - 1 }, (_, i) => {
      const wanted = (all * (i + 1)) / parts;
      const near = places.filter(({ before }) => Math.abs(before - wanted) <= all / parts / 3);
      const best = (near.length > 0 ? near : places).toSorted((a, b) =>
        near.length > 0 ? a.across - b.across : Math.abs(a.before - wanted) - Math.abs(b.before - wanted),
      );
      return best[0]!.name;
    });
    const way = [...new Set(cuts)];
    ways.set(way.join(), way);
  }
  return [...ways.values()];
}
