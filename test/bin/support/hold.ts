// hold.ts: a process that holds a run and lets go of it when it is told to: a racer of led.test.ts. It tells what came of it.
import type { ShoalError } from '../../../base/errors.ts';
import { holdRun } from '../../../bin/input/hold-run.ts';

let release = (): void => {};

process.on('message', async ({ hold, at }: { readonly hold?: string; readonly at?: number }) => {
  if (hold === undefined) {
    release();
    process.send!('released');
    return;
  }
  while (Date.now() < at!); // a sleep would end at another time in each
  try {
    release = await holdRun(hold, 500);
    process.send!('held');
  } catch (error) {
    release = () => {};
    process.send!((error as ShoalError).code);
  }
});
