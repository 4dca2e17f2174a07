// reference.ts: the reference micro-shard: made-up samples at the seed's first parameters, computed on the calling thread. Processors
// and engines that give the same bits here may train together. Not the gate (membership.ts).
import { draws, seedWords, unit } from '../base/random.ts';
import type { Operand } from '../kernels/abi.ts';
import type { KernelModule } from '../kernels/load.ts';
import { createHostRunner } from '../trainer/host-runner.ts';
import { initializeWeights, joined } from '../trainer/initialize.ts';
import type { Job } from '../trainer/job.ts';
import type { Prepared } from '../trainer/prepare.ts';
import { startSha256 } from '../trainer/sha256.ts';

/** sha256 of the reference micro-shard's contribution. */
export function referenceHash(job: Job, { program, segments }: Prepared, kernels: KernelModule): string {
  const runner = createHostRunner(program, segments, kernels, seedWords(job.seed));
  const { views, at } = runner;
  const { rows, input, contribution, outputs } = program;
  const random = draws([1, 0], 0, 0, 0);
  const pixels = program.plans.train.calls
    .filter((call) => call.arguments.kernel === 'input_u8')
    .map((call) => (call.arguments.operands as { x: Operand }).x.at);
  const labels = job.outputs.length;
  const fields = Object.values(input.fields);
  for (const field of fields.slice(0, -labels)) {
    const from = at.input + field.at;
    const length = rows * field.rowBytes;
    if (pixels.includes(field.at)) for (let i = 0; i < length; i++) views.u8[from + i] = random(i) & 255;
    else for (let i = 0; i < length / 4; i++) views.f32[(from >>> 2) + i] = unit(random(i));
  }
  fields.slice(-labels).forEach((field, output) => {
    const word = (at.input + field.at) >>> 2;
    const { labels: form, classes } = outputs[output]!.context;
    for (let i = 0; i < (rows * field.rowBytes) / 4; i++) {
      if (form === 'class') views.i32[word + i] = i % classes;
      else views.f32[word + i] = i % 2;
    }
  });
  runner.load(joined(initializeWeights(job.model, job.seed)));
  runner.run('train', { rows });
  const hash = startSha256();
  hash.update(views.u8.slice(at.contribution, at.contribution + contribution.bytes));
  return hash.hex();
}
