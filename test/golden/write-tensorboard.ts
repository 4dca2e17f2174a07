// write-tensorboard.ts: writes the event files that check-tensorboard.py reads, into the directory named. Not a test.

import { createEventFile } from '../../trainer/export/tensorboard.ts';

const directory = process.argv[2]!;
const first = await createEventFile(directory, { now: () => 1700000000250 });
for (let step = 1; step <= 200; step++) first.scalar('loss', 1 / step, step, 1700000000.25 + step);
for (let step = 201; step <= 250; step++) first.scalar('loss', 99, step, 1700000000.25 + step);
await first.close();

const resumed = await createEventFile(directory, { now: () => 1700000300000, firstStep: 201 });
for (let step = 201; step <= 300; step++) {
  resumed.scalar('loss', 1 / step, step, 1700000000.25 + step);
  if (step % 7 === 0) await resumed.flush();
}
resumed.scalar('metrics/größe', Number.NaN, 2 ** 40);
await resumed.close();
