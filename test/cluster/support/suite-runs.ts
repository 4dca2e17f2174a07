// suite-runs.ts: the runs that the tests of one suite share: the job computed before them, all removed after. The runs: whole-runs.ts.
import { closeAll } from './ends.ts';
import { type WholeRuns, wholeRuns } from './whole-runs.ts';

export const EPOCHS = 6;
/** Every evaluation after the first lowers the learning rate: a decision that is lost or taken twice changes every byte after it. */
export const PLATEAU = { class_name: 'ReduceLROnPlateau', config: { patience: 1, factor: 0.7, min_delta: 100 } };

/** To be called by a suite, for its hooks; filled before its first test. */
export function suiteRuns(suite: Mocha.Suite): WholeRuns {
  const runs = {} as WholeRuns;
  suite.timeout(180_000); // minutes on a busy machine
  before(async () => {
    Object.assign(runs, await wholeRuns({ epochs: EPOCHS, callbacks: [PLATEAU] }));
  });
  after(() => runs.remove());
  afterEach(closeAll);
  return runs;
}
