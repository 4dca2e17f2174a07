// plan-text.ts: a job before its first step, as text: layers, shapes, parameters, work, memory. It computes none of it.
import type { Job } from '../../trainer/job.ts';
import { shapeText } from '../../trainer/layers/common.ts';
import type { Prepared } from '../../trainer/prepare.ts';
import { summarize } from '../../trainer/summary.ts';
import { bytes, count, flops, table } from './format.ts';

/** Layers with their shapes, parameters and work. */
export function layersText(job: Job): string {
  const { inputs, rows, parameters, flops: work } = summarize(job.model);
  return table(
    [
      ['layer', 'type', 'output', 'parameters', 'forward pass'],
      ...inputs.map(({ name, shape }) => [name, 'Input', shapeText(shape), '', '']),
      ...rows.map((row) => [
        row.layer,
        row.className,
        shapeText(row.output),
        count(row.parameters),
        row.flops > 0 ? flops(row.flops) : '',
      ]),
      ['in all', '', '', count(parameters), flops(work)],
    ],
    [3, 4],
  );
}

/** Memory by purpose, and how a step is computed. */
export function memoryText(job: Job, prepared: Prepared): string {
  const { machine, memory, program } = prepared;
  const rows = Object.entries(memory).map(([purpose, size]) => [purpose.replaceAll('_', ' '), bytes(size)]);
  const teams = machine.teamSize > 1 ? ` in teams of ${machine.teamSize}` : '';
  return [
    table([['memory', ''], ...rows, ['in all', bytes(prepared.bytes)]], [1]),
    '',
    `A step: ${job.batch} samples in ${job.microShards} micro-shards of up to ${program.rows}, on ${machine.threads} threads${teams};`,
    `${flops(program.plans.train.flops)} a sample, forward and backward.`,
  ].join('\n');
}
