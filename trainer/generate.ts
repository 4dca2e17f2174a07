// generate.ts: a sequence continued by a model that tells the next id of each place, one id after another. Not text (datasets/readers).
import { ShoalError } from '../base/errors.ts';
import { draws, SITE, seedWords, unit } from '../base/random.ts';
import { exp, log } from '../base/scalar.ts';
import type { Weights } from './initialize.ts';
import type { Job } from './job.ts';
import { shapeText } from './layers/common.ts';
import { fromLogits } from './losses/index.ts';
import { openPredictor } from './predict.ts';

export interface GenerateOptions {
  readonly job: Job;
  readonly snapshot: Weights;
  /** Ids to go on from: at least one. Of long ones the model sees as many of the last as it has places. */
  readonly prompt: readonly number[];
  /** How many ids to add. */
  readonly count: number;
  /** Divides the logits: below 1 likely ids become likelier; 0 always takes the likeliest. */
  readonly temperature: number;
  /** Only so many of the likeliest ids are drawn from; 0: all. */
  readonly topK: number;
  /** The same seed gives the same ids. */
  readonly seed: number;
}

/** The ids that follow, as they come. @throws SHOAL_SHAPE when the model does not tell ids by place */
export function* generate(options: GenerateOptions): Generator<number> {
  const { job, snapshot, prompt, count, temperature, topK, seed } = options;
  const predictor = openPredictor({ job, snapshot, dtype: 'i32', rows: 1 });
  const [places, vocabulary] = predictor.shape as [number, number];
  const { shape } = job.model.inputs[0]!.spec;
  if (predictor.shape.length !== 2 || shape.length !== 1 || shape[0] !== places) {
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation: 'generate',
      got: `a model from ${shapeText(shape)} to ${shapeText(predictor.shape)}`,
      expected: 'one from (places) to (places, ids)',
      hint: 'Train a model such as gpt_nano on {"reader": "text", "task": "next"}.',
    });
  }
  const logits = fromLogits(job.outputs[0]!.loss);
  const word = draws(seedWords(seed), 0, SITE.generate, 0);
  const ids = [...prompt];
  const window = new Int32Array(places);
  const bytes = new Uint8Array(window.buffer);
  for (let i = 0; i < count; i++) {
    const seen = ids.slice(-places);
    window.fill(0); // what stands behind is not looked at
    window.set(seen);
    const all = predictor.run(bytes, 1);
    const last = all.subarray((seen.length - 1) * vocabulary, seen.length * vocabulary);
    const scores = Array.from(last, (x) => (logits ? x : log(x)));
    const id = pick(scores, temperature, topK, unit(word(i)));
    ids.push(id);
    yield id;
  }
}

/** An id drawn with probabilities softmax(scores / temperature), `draw` in [0, 1). Ties go to the smaller id. */
export function pick(scores: readonly number[], temperature: number, topK: number, draw: number): number {
  const order = scores.map((_, id) => id).sort((a, b) => scores[b]! - scores[a]! || a - b);
  if (temperature === 0) return order[0]!;
  const best = topK > 0 ? order.slice(0, topK) : order;
  const powers = best.map((id) => exp((scores[id]! - scores[best[0]!]!) / temperature));
  let left = draw * powers.reduce((a, b) => a + b, 0);
  for (const [i, power] of powers.entries()) {
    left -= power;
    if (left < 0) return best[i]!;
  }
  return best[0]!;
}
