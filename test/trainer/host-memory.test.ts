// host-memory.test.ts: what a run holds beside the memory that its plan counts: no copies of the weights while it trains, one at its end.
import { strict as assert } from 'node:assert';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runSession } from '../../trainer/session.ts';
import { mlp, smallDataset, smallJob } from '../support/small-jobs.ts';

/** MiB of arrays that somebody holds. A plan's memory is WebAssembly's, and not among them. */
function held(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers / 2 ** 20;
}

describe('the memory of the host', () => {
  it('holds less than a tenth of the weights while a run trains, and them once when it has ended', async () => {
    const job = smallJob(
      [
        ...mlp.slice(0, 2),
        { class_name: 'Dense', config: { units: 60_000, activation: 'relu' } },
        { class_name: 'Dense', config: { units: 4, activation: 'softmax' } },
      ],
      { optimizer: { class_name: 'SGD', config: { learning_rate: 0.01, momentum: 0.9 } }, epochs: 1 },
    );
    const dataset = smallDataset(43, 23);
    const before = held();
    const during: number[] = [];
    const { weights: last } = await runSession({
      job,
      dataset,
      threads: 2,
      onEvent: ({ event }) => {
        if (event === 'step' || event === 'epoch') during.push(held() - before);
      },
    });
    const weights = last.parameters.byteLength / 2 ** 20;
    assert.ok(weights > 15, `${weights} MiB`);
    assert.ok(during.length >= 3);
    during.shift(); // the call that began the run may still be on its way out
    assert.ok(Math.max(...during) < weights / 10, `${during} MiB beside weights of ${weights} MiB`);
    const after = held() - before;
    assert.ok(after > 0.9 * weights && after < 1.1 * weights, `${after} MiB`);
  });
});
