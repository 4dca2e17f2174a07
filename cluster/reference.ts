// reference.ts: the reference micro-shard: made-up samples at the seed's first parameters, computed on the calling thread. Processors
// and engines that give the same bits here may train together. Not the gate (membership.ts).
import { draws, seedWords, unit } from '../base/random.ts';
import type { KernelModule } from '../kernels/load.ts';
import { createHostRunner } from '../trainer/host-runner.ts';
import { initializeWeights, joined } from '../trainer/initialize.ts';
import type { Job } from '../trainer/job.ts';
import { losses } from '../trainer/losses/index.ts';
import type { Prepared } from '../trainer/prepare.ts';
import { startSha256 } from '../trainer/sha256.ts';

/** sha256 of the reference micro-shard's contribution. */
export function referenceHash(job: Job, { program, segments }: Prepared, kernels: KernelModule): string {
  const runner = createHostRunner(program, segments, kernels, seedWords(job.seed));
  const { views, at } = runner;
  const { rows, input, contribution, metrics } = program;
  const { image, label } = input.fields;
  const random = draws([1, 0], 0, 0, 0);
  const bytesAt = at.input + image.at;
  const pixels = program.plans.train.calls.some((call) => call.arguments.kernel === 'input_u8');
  if (pixels) for (let i = 0; i < rows * image.rowBytes; i++) views.u8[bytesAt + i] = random(i) & 255;
  else for (let i = 0; i < (rows * image.rowBytes) / 4; i++) views.f32[(bytesAt >>> 2) + i] = unit(random(i));
  const labelWord = (at.input + label.at) >>> 2;
  const classes = losses[job.loss.class_name].labels === 'class';
  for (let i = 0; i < (rows * label.rowBytes) / 4; i++) {
    if (classes) views.i32[labelWord + i] = i % metrics.classes;
    else views.f32[labelWord + i] = i % 2;
  }
  runner.load(joined(initializeWeights(job.model, job.seed)));
  runner.run('train', { rows });
  const hash = startSha256();
  hash.update(views.u8.slice(at.contribution, at.contribution + contribution.bytes));
  return hash.hex();
}
