// own-callbacks.test.ts: callbacks of a job's own that come to no end, or throw at whatever they are told. One that throws once, and the order:
// run-folder.test.ts.
import assert from 'node:assert/strict';
import type { Problem } from '../../base/errors.ts';
import type { CallbackConfig } from '../../trainer/callbacks/index.ts';
import { registerCallback } from '../../trainer/callbacks/register.ts';
import { openOwnCallbacks } from '../../trainer/callbacks/tell.ts';

describe("callbacks of a job's own", () => {
  const heard: string[] = [];
  for (const className of ['Endless', 'Prompt'])
    registerCallback({
      module: import.meta.url,
      className,
      config: {},
      onEvent({ event }) {
        heard.push(`${className} ${event}`);
        return className === 'Endless' ? new Promise<void>(() => {}) : undefined;
      },
    });
  const configs = ['Endless', 'Prompt'].map((class_name) => ({ class_name, config: {} }) as unknown as CallbackConfig);

  it('whose promise never settles are named at the end, and keep neither the run nor the others waiting', async () => {
    const problems: Problem[] = [];
    const own = openOwnCallbacks(configs, (problem) => problems.push(problem), 20);
    own.tell({ event: 'checkpoint', step: 1, path: 'x' });
    own.tell({ event: 'model', step: 1, path: 'x' });
    await own.close();
    assert.deepEqual(heard, ['Endless checkpoint', 'Prompt checkpoint', 'Prompt model']);
    assert.deepEqual(
      problems.map(({ code, operation, got }) => [code, operation, got]),
      [['SHOAL_CALLBACK', 'tell the callback Endless what happens', 'a promise that does not settle within 0.02 s']],
    );
  });

  it('that throw at all they are told are not told of that in turn, which would never end', async () => {
    const told: string[] = [];
    const classes = ['Hasty', 'Weary'];
    for (const className of classes)
      registerCallback({
        module: import.meta.url,
        className,
        config: {},
        onEvent({ event }) {
          told.push(`${className} ${event}`);
          throw new Error('never mind');
        },
      });
    const wished = classes.map((class_name) => ({ class_name, config: {} }) as unknown as CallbackConfig);
    const problems: Problem[] = [];
    const own = openOwnCallbacks(wished, (problem) => {
      problems.push(problem);
      if (problems.length < 100) own.tell({ event: 'problem', problem, fatal: false }); // as the recorder is told of all that is
    });
    own.tell({ event: 'checkpoint', step: 1, path: 'x' });
    await own.close();
    assert.deepEqual(told, ['Hasty checkpoint', 'Weary checkpoint']);
    assert.deepEqual(
      problems.map(({ operation }) => operation),
      classes.map((name) => `tell the callback ${name} what happens`),
    );
  });
});
