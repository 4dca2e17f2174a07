// examples.test.ts: the example jobs as they stand, on real digits, beside the float64 oracle and tfjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Dataset } from '../../datasets/reader.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { openJobData } from '../../trainer/session.ts';
import { sharesOf } from '../../trainer/tree.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { relativeError } from '../support/compare.ts';
import { createHost, type HostResult } from '../support/host-plan.ts';
import { type OracleRequest, oracle } from '../support/oracle/index.ts';
import { byPath } from '../support/parity.ts';
import { firstSamples, oracleSteps, requestOf, runSteps } from '../support/steps.ts';
import { tfjsOracle } from '../support/tfjs.ts';

const exampleJob = (name: string): Job => {
  const file = new URL(`../../examples/${name}.json`, import.meta.url);
  return parseJob({ ...JSON.parse(readFileSync(file, 'utf8')), epochs: 1 }, `${name}.json`);
};

/** A request's batch through the job's plans, in the job's micro-shards. */
function ours(job: Job, { x, labels }: OracleRequest): { result: HostResult; gradients: ReturnType<typeof byPath> } {
  const shares = sharesOf(labels.length, job.microShards);
  const host = createHost({ model: job.model, loss: job.outputs[0]!.loss.class_name, rows: Math.max(...shares) });
  const parameters = initializeParameters(job.model, job.seed);
  const [images, classes] = [Float32Array.from(x.data), Int32Array.from(Array.from(labels))];
  const result = host.run('train', { parameters, images, labels: classes, shares });
  return { result, gradients: byPath(host.segments, result.gradients) };
}

interface Judge {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Float64Array>>;
}

function check(job: Job, request: OracleRequest, judge: Judge, tolerance: number): void {
  const { result, gradients } = ours(job, request);
  const samples = request.labels.length;
  const loss = relativeError([result.loss / samples], [judge.loss]);
  assert.ok(loss <= tolerance, `loss: relative error ${loss}`);
  for (const [path, { data }] of Object.entries(gradients)) {
    const mean = data.map((g) => g / samples);
    const error = relativeError(mean, judge.gradients[path]!);
    assert.ok(error <= tolerance, `${path}: relative error ${error}`);
  }
}

describe('the examples', () => {
  let digits: Dataset;
  before(async () => {
    digits = await openJobData(exampleJob('digits'));
  });
  after(() => {
    for (const reader of Object.values(digits)) reader.close();
  });

  for (const name of ['digits', 'conv-dense', 'simple-cnn', 'mlp']) {
    const job = exampleJob(name);
    const start = initializeParameters(job.model, job.seed);
    const { parameters: segments } = segmentsOf(job.model);

    it(`${name}: loss and every gradient of 32 samples within 1e-5 of the float64 oracle`, () => {
      const batch = { ...job, batch: 32 };
      const { dropout: _, ...request } = requestOf(batch, firstSamples(digits.train, batch.batch), 0, start);
      check(batch, request, oracle(request), 1e-5);
    });

    it(`${name}: loss and every gradient of 3 samples within 1e-4 of tfjs' cpu backend`, async () => {
      const few = { ...job, batch: 3, microShards: 2 };
      const { dropout: _, ...request } = requestOf(few, firstSamples(digits.train, few.batch), 0, start);
      check(few, request, await tfjsOracle(request), 1e-4);
    });

    it(`${name}: three steps of 16, 16 and 7 samples in 5 micro-shards within 1e-5 of the float64 oracle`, async () => {
      const small = { ...job, batch: 16, microShards: 5 };
      const dataset = firstSamples(digits.train, 39);
      const actual = await runSteps(small, dataset);
      const expected = oracleSteps(small, dataset);
      assert.equal(actual.length, 3);
      for (const [i, { loss, parameters }] of expected.entries()) {
        const lossError = relativeError([actual[i]!.loss], [loss]);
        assert.ok(lossError <= 1e-5, `loss of step ${i + 1}: relative error ${lossError}`);
        const ofStep = byPath(segments, actual[i]!.parameters);
        for (const [path, { data }] of Object.entries(byPath(segments, parameters))) {
          const error = relativeError(ofStep[path]!.data, data);
          assert.ok(error <= 1e-5, `${path} after step ${i + 1}: relative error ${error}`);
        }
      }
    });
  }
});
