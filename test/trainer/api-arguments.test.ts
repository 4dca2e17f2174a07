// api-arguments.test.ts: the library's functions called by somebody without types: what is wrong is told before anything is done.
import assert from 'node:assert/strict';
import { evaluateSnapshot, parseJob, predictSnapshot, readerFromArrays, runSession, ShoalError } from '../../index.ts';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { SIDE, tinyJob, tinySamples } from '../support/tiny.ts';

const job = parseJob(tinyJob('nowhere'), 'the test');
const { images, labels } = tinySamples(32, 1);
const reader = readerFromArrays({
  fields: { image: { shape: [SIDE, SIDE, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
  data: { image: images, label: Int32Array.from(labels) },
  classes: 4,
});
const dataset = { train: reader, test: reader };
const start = firstSnapshot(job);
const raw = JSON.parse('{"name": "raw", "model": {"class_name": "Sequential", "config": {}}, "epochs": 1}');
const longer = new Float32Array(start.parameters.length + 1);

async function refused(call: () => Promise<unknown>, code: string, got: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ShoalError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, got);
    return true;
  });
}

describe('the arguments of the library', () => {
  it('are refused by name: no job, one that parseJob() has not read, an unknown option, wrong types', async () => {
    const wrong: [object | undefined, RegExp][] = [
      [undefined, /got nothing, expected object/],
      [{}, /got job: nothing, expected a job that parseJob\(\) has read/],
      [{ job: raw, dataset }, /got job: {"name":"raw".*, expected a job that parseJob\(\) has read/],
      [{ job, dataset, thread: 2 }, /got the unknown key "thread", expected one of the known keys: job, dataset/],
      [{ job, dataset: { train: dataset.train } }, /got dataset: .*, expected two readers/],
      [{ job, dataset, dataThreads: 0 }, /got dataThreads: 0, expected a value >=1/],
      [{ job, dataset, start: {} }, /got start.parameters: nothing, expected a Float32Array/],
      [{ job, dataset, start: { ...start, version: -1 } }, /got start.version: -1/],
      [{ job, dataset, executor: {} }, /got executor: {}, expected an executor/],
      [{ job, dataset, signal: new AbortController() }, /got signal: .*, expected an AbortSignal/],
      [{ job, dataset, onEvent: 3 }, /got onEvent: 3, expected a function/],
    ];
    for (const [options, got] of wrong) await refused(() => runSession(options as never), 'SHOAL_JOB', got);
    await refused(() => evaluateSnapshot({ job } as never), 'SHOAL_JOB', /got snapshot: nothing/);
    await refused(() => evaluateSnapshot({ job: raw, snapshot: start }), 'SHOAL_JOB', /that parseJob\(\) has read/);
    await refused(() => predictSnapshot({ job: raw } as never), 'SHOAL_JOB', /that parseJob\(\) has read/);
  });

  it('hold a snapshot of the job’s own model', async () => {
    const got = new RegExp(`got ${longer.length} numbers in parameters, expected ${start.parameters.length}`);
    const other = { ...start, parameters: longer };
    await refused(() => runSession({ job, dataset, start: other }), 'SHOAL_WEIGHTS', got);
    await refused(() => evaluateSnapshot({ job, dataset, snapshot: other }), 'SHOAL_WEIGHTS', got);
    await refused(() => predictSnapshot({ job, snapshot: other, images }), 'SHOAL_WEIGHTS', got);
    const slots = { m: longer };
    await refused(
      () => runSession({ job, dataset, start: { ...start, slots } }),
      'SHOAL_WEIGHTS',
      /numbers in slots.m,/,
    );
  });
});
