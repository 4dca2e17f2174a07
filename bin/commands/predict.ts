// predict.ts: `shoal predict`: a run's model applied to files. Reading them is input/samples.ts, the computing trainer/predict.ts.
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

/** What a model says of one sample: a class where it was trained for classes, else its outputs as they are. */
type Answer =
  | { readonly class: number; readonly probability: number; readonly probabilities: readonly number[] }
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
  for (const file of files) {
    const { count, data } = await readSamples(file, job.model.inputs[0]!.spec.shape, fitOf(job));
    const { outputs, shape } = await predictSnapshot({ job, snapshot: checkpoint.snapshot, images: data });
    const size = elements(shape.slice(1));
    for (let index = 0; index < count; index++) {
      const answer = answerOf(job, outputs.subarray(index * size, (index + 1) * size));
      if (options.json) screen.out(JSON.stringify({ file, index, ...answer }));
      else rows.push([count > 1 ? `${file}[${index}]` : file, ...answerRow(answer)]);
    }
  }
  if (!options.json) {
    const header = rows[0]!.length > 2 ? ['file', 'class', 'probability', 'then'] : ['file', 'outputs'];
    screen.out(table([header, ...rows], header.length > 2 ? [1, 2] : []));
  }
  return EXIT.done;
}

function answerOf(job: Job, outputs: Float32Array): Answer {
  const { loss } = job.outputs[0]!;
  const { activation } = lossOf(loss);
  const logits = fromLogits(loss);
  if (activation === 'softmax') return classAnswer(logits ? softmax(outputs) : [...outputs]);
  if (activation === 'sigmoid' && outputs.length === 1) {
    const p = logits ? 1 / (1 + Math.exp(-outputs[0]!)) : outputs[0]!;
    return classAnswer([1 - p, p]);
  }
  return { outputs: [...outputs] };
}

function classAnswer(probabilities: readonly number[]): Answer {
  const probability = Math.max(...probabilities);
  return { class: probabilities.indexOf(probability), probability, probabilities };
}

function softmax(logits: Float32Array): number[] {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

function answerRow(answer: Answer): string[] {
  if ('outputs' in answer) return [answer.outputs.map((x) => x.toPrecision(6)).join(' ')];
  const { probabilities } = answer;
  const others = probabilities
    .map((probability, index) => ({ probability, index }))
    .sort((a, b) => b.probability - a.probability)
    .slice(1, 1 + OTHERS)
    .map(({ probability, index }) => `${index} ${probability.toFixed(4)}`);
  return [String(answer.class), answer.probability.toFixed(4), others.join('  ')];
}
