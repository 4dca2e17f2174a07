// predict.ts: `shoal predict`: a run's model applied to files. Reading them is input/samples.ts, the computing trainer/predict.ts.
import { ShoalError } from '../../base/errors.ts';
import { inputType } from '../../trainer/field-types.ts';
import type { Job } from '../../trainer/job.ts';
import { fromLogits, lossOf } from '../../trainer/losses/index.ts';
import { elements } from '../../trainer/model.ts';
import { predictSnapshot } from '../../trainer/predict.ts';
import { fitOf } from '../input/image.ts';
import { openTrained } from '../input/open-trained.ts';
import { readSamples } from '../input/samples.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

export interface PredictCommandOptions {
  readonly json?: boolean;
}

/** What a model says of one sample: a class where it was trained for classes, or one for each place; else its outputs as they are. */
type Answer =
  | { readonly class: number; readonly probability: number; readonly probabilities: readonly number[] }
  | { readonly classes: readonly number[]; readonly probabilities: readonly number[] }
  | { readonly outputs: readonly number[] };

/** Classes beside the first that a table names. */
const OTHERS = 2;

export async function predictCommand(
  path: string,
  files: readonly string[],
  options: PredictCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const { job, checkpoint } = await openTrained(path, screen);
  const rows: string[][] = [];
  const type = inputType(job.model, checkpoint.manifest.extra);
  for (const file of files) {
    const { count, data } = await readSamples(file, job.model.inputs[0]!.spec.shape, fitOf(job), type);
    const { outputs, shape } = await predictSnapshot({ job, snapshot: checkpoint.snapshot, images: data });
    const each = shape.slice(1);
    const size = elements(each);
    for (let index = 0; index < count; index++) {
      const name = count > 1 ? `${file}[${index}]` : file;
      const answer = answerOf(job, finite(outputs.subarray(index * size, (index + 1) * size), name), each);
      if (options.json) screen.out(JSON.stringify({ file, index, ...answer }));
      else rows.push([name, ...answerRow(answer)]);
    }
  }
  if (!options.json) {
    const others = lossOf(job.outputs[0]!.loss).activation === 'softmax' ? 'classes' : 'outputs';
    const header = rows[0]!.length > 2 ? ['file', 'class', 'probability', 'then'] : ['file', others];
    screen.out(table([header, ...rows], header.length > 2 ? [1, 2] : []));
  }
  return EXIT.done;
}

/** @throws SHOAL_NOT_FINITE */
function finite(outputs: Float32Array, name: string): Float32Array {
  if (outputs.every(Number.isFinite)) return outputs;
  throw new ShoalError({
    code: 'SHOAL_NOT_FINITE',
    operation: `predict ${name}`,
    got: 'NaN or infinity',
    expected: 'finite outputs',
    hint: 'Look at the numbers of the file: are there some that are NaN, or very large?',
  });
}

/** @param shape of a sample's outputs */
function answerOf(job: Job, outputs: Float32Array, shape: readonly number[]): Answer {
  const { loss } = job.outputs[0]!;
  const { activation } = lossOf(loss);
  const logits = fromLogits(loss);
  if (activation === 'softmax') {
    const classes = shape.at(-1)!;
    const places = Array.from({ length: outputs.length / classes }, (_, i) => {
      const own = outputs.subarray(i * classes, (i + 1) * classes);
      return classAnswer(logits ? softmax(own) : [...own]);
    });
    if (shape.length === 1) return places[0]!;
    return { classes: places.map((one) => one.class), probabilities: places.map(({ probability }) => probability) };
  }
  if (activation === 'sigmoid' && outputs.length === 1) {
    const p = logits ? 1 / (1 + Math.exp(-outputs[0]!)) : outputs[0]!;
    return classAnswer([1 - p, p]);
  }
  return { outputs: [...outputs] };
}

function classAnswer(probabilities: readonly number[]): Extract<Answer, { class: number }> {
  const probability = largest(probabilities);
  return { class: probabilities.indexOf(probability), probability, probabilities };
}

const largest = (values: Iterable<number>): number => {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) most = Math.max(most, value);
  return most;
};

function softmax(logits: Float32Array): number[] {
  const most = largest(logits);
  const powers = Array.from(logits, (x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

function answerRow(answer: Answer): string[] {
  if ('classes' in answer) return [answer.classes.join(' ')];
  if ('outputs' in answer) return [answer.outputs.map((x) => x.toPrecision(6)).join(' ')];
  const { probabilities } = answer;
  const others = probabilities
    .map((probability, index) => ({ probability, index }))
    .sort((a, b) => b.probability - a.probability)
    .slice(1, 1 + OTHERS)
    .map(({ probability, index }) => `${index} ${probability.toFixed(4)}`);
  return [String(answer.class), answer.probability.toFixed(4), others.join('  ')];
}
