// step-machine.test.ts: the step machine as a pure function, driven in random orders and held against a plain enumeration.
import assert from 'node:assert/strict';
import { draws } from '../../base/random.ts';
import {
  following,
  handleStep,
  type Schedule,
  type StepAction,
  type StepEvent,
  startSteps,
  totalSteps,
} from '../../trainer/step-machine.ts';
import { rowsOf, type Work } from '../../trainer/work.ts';

const base: Schedule = {
  samples: 23,
  evaluationSamples: 12,
  batch: 10,
  microShards: 4,
  epochs: 3,
  evaluateEvery: 1,
  saveEvery: null,
  depth: 3,
  from: 0,
  onlyEvaluate: false,
};
const SCHEDULES: readonly Schedule[] = [
  base,
  { ...base, depth: 1 },
  { ...base, saveEvery: 1 },
  { ...base, saveEvery: 2, depth: 7, evaluateEvery: 2 },
  { ...base, saveEvery: 3, evaluateEvery: 5, depth: 2 },
  { ...base, evaluationSamples: 0 },
  { ...base, samples: 7, epochs: 4, saveEvery: 2 },
];

const nameOf = (work: Work): string =>
  work.kind === 'gradient' ? `step ${work.step}` : `evaluate ${work.epoch}.${work.step}`;

/** What the run does from `from` on, in order, as the documentation of Schedule tells it. */
function enumerate(s: Schedule): string[] {
  const list: string[] = [];
  const perEpoch = Math.ceil(s.samples / s.batch);
  const passes = Math.ceil(s.evaluationSamples / s.batch);
  const finishEpoch = (epoch: number, always: boolean) => {
    const evaluated = passes > 0 && (epoch === s.epochs || epoch % s.evaluateEvery === 0);
    if (evaluated) for (let pass = 0; pass < passes; pass++) list.push(`evaluate ${epoch - 1}.${pass}`);
    if (evaluated || always) list.push(`save ${epoch * perEpoch}`);
  };
  if (s.from > 0 && s.from % perEpoch === 0) finishEpoch(s.from / perEpoch, false);
  for (let step = s.from; step < perEpoch * s.epochs; step++) {
    list.push(`step ${step}`);
    const done = step + 1;
    if (done % perEpoch === 0) finishEpoch(done / perEpoch, true);
    else if (s.saveEvery !== null && done % s.saveEvery === 0) list.push(`save ${done}`);
  }
  return [...list, 'stop done'];
}

interface Faults {
  readonly seed: number;
  /** Interrupt after so many events. */
  readonly interruptAt?: number;
  /** This piece of work settles with a loss that is not finite. */
  readonly bad?: string;
  /** This version turns out not to be finite when it is to be saved. */
  readonly spoiled?: number;
}

/** Drives the machine with events in a random order until it stops; checks at each event what must always hold. */
function drive(s: Schedule, { seed, interruptAt, bad, spoiled }: Faults): { log: string[]; events: number } {
  const word = draws([seed, 0], 0, 0, 0);
  const log: string[] = [];
  const open: Work[] = [];
  let state = startSteps(s);
  let committed = s.from;
  let saving = -1;
  let events = 0;
  let broken = false;
  const feed = (event: StepEvent): void => {
    const before = state;
    const { state: after, actions } = handleStep(s, state, event);
    assert.deepEqual(handleStep(s, before, event), { state: after, actions }, 'a pure function');
    state = after;
    events++;
    for (const action of actions) act(action);
  };
  function act(action: StepAction): void {
    assert.equal(saving, -1, `${action.kind} while a version is being copied`);
    switch (action.kind) {
      case 'open': {
        const { work } = action;
        log.push(nameOf(work));
        open.push(work);
        assert.ok(open.length <= s.depth, `${open.length} open`);
        const steps = open.filter((w) => w.kind === 'gradient').length;
        const version = work.kind === 'gradient' ? work.step : committed + steps;
        assert.equal(work.version, version, `version of ${nameOf(work)}`);
        assert.equal(work.shares.length, s.microShards);
        const samples = work.kind === 'gradient' ? s.samples : s.evaluationSamples;
        const place = work.kind === 'gradient' ? work.step % Math.ceil(samples / s.batch) : work.step;
        assert.equal(rowsOf(work), Math.min(s.batch, samples - place * s.batch));
        return;
      }
      case 'commit':
        assert.equal(action.work.step, committed++, 'commits come in order');
        assert.equal(action.epochEnd, committed % Math.ceil(s.samples / s.batch) === 0);
        return;
      case 'counted':
        assert.equal(action.last, action.work.step === Math.ceil(s.evaluationSamples / s.batch) - 1);
        return;
      case 'save':
        assert.equal(open.length, 0, 'saved with work open');
        assert.equal(action.version, committed);
        assert.ok(!broken, 'saved after a loss that was not finite');
        saving = action.version;
        log.push(`save ${action.version}`);
        return;
      case 'stop':
        assert.equal(open.length, 0, 'stopped with work open');
        log.push(`stop ${action.reason}`);
    }
  }
  for (let i = 0; !log.at(-1)?.startsWith('stop'); i++) {
    assert.ok(i < 10_000, `no end: ${log.join(', ')}`);
    if (events === interruptAt) feed({ kind: 'interrupt' });
    const choice = word(i) % 3;
    if (choice === 0 && saving >= 0) {
      const finite = saving !== spoiled;
      if (!finite) broken = true;
      saving = -1;
      feed({ kind: 'saved', finite });
    } else if (choice === 1 && open.length > 0) {
      const work = open.shift()!;
      // what follows a bad step reads its version, so nothing behind it is applied either
      if (nameOf(work) === bad) broken = true;
      feed({ kind: 'settled', work, finite: nameOf(work) !== bad });
    } else if (choice === 2) feed({ kind: 'want' });
  }
  return { log, events };
}

describe('the step machine', () => {
  it('opens each step once and in order, evaluates, saves and stops as enumerated, in 40 random orders each', () => {
    for (const s of SCHEDULES)
      for (let seed = 0; seed < 40; seed++) assert.deepEqual(drive(s, { seed }).log, enumerate(s));
  });

  it('goes on from every step as the run that was never stopped', () => {
    for (const s of SCHEDULES) {
      const whole = enumerate(s);
      for (let from = 1; from <= totalSteps(s); from++) {
        const { log } = drive({ ...s, from }, { seed: from });
        assert.deepEqual(log, enumerate({ ...s, from }));
        const rest = whole.slice(whole.indexOf(`step ${from - 1}`) + 1);
        // a version that was saved between two evaluations is not saved twice
        assert.deepEqual(log, rest[0] === `save ${from}` ? rest.slice(1) : rest);
      }
    }
  });

  it('interrupted after any event: opens nothing more, saves what is committed, stops; and goes on to the same end', () => {
    for (const s of SCHEDULES) {
      const whole = enumerate(s);
      const { events } = drive(s, { seed: 1 });
      for (let at = 0; at < events; at++) {
        const { log } = drive(s, { seed: 1, interruptAt: at });
        if (log.at(-1) === 'stop done') continue; // it had only to stop
        assert.equal(log.at(-1), 'stop interrupted');
        const done = log.filter((entry) => entry.startsWith('step')).length;
        const saves = log.filter((entry) => entry.startsWith('save'));
        assert.equal(saves.at(-1), done === 0 ? undefined : `save ${done}`, log.join(', '));
        assert.equal(new Set(saves).size, saves.length, 'saved twice');
        const opened = log.filter((entry) => !/^(save|stop)/.test(entry));
        assert.deepEqual(opened, whole.filter((entry) => !/^(save|stop)/.test(entry)).slice(0, opened.length));
        const rest = drive({ ...s, from: done }, { seed: at }).log.filter((entry) => entry.startsWith('step'));
        assert.equal(done + rest.length, totalSteps(s));
      }
    }
  });

  it('stops without another save when any step, or any batch of an evaluation, is not finite', () => {
    for (const s of SCHEDULES)
      for (const [i, bad] of enumerate(s).entries()) {
        if (/^(save|stop)/.test(bad)) continue;
        const { log } = drive(s, { seed: i, bad });
        assert.equal(log.at(-1), 'stop not-finite');
        assert.ok(log.length - 1 - log.indexOf(bad) <= s.depth, 'opened no more than was open');
        assert.ok(!log.slice(log.indexOf(bad)).some((entry) => entry.startsWith('save')));
      }
  });

  it('stops when a version that is to be saved is not finite', () => {
    const { log } = drive({ ...base, saveEvery: 2 }, { seed: 3, spoiled: 2 });
    assert.deepEqual(log, ['step 0', 'step 1', 'save 2', 'stop not-finite']);
  });

  it('keeps the reason not-finite when it is interrupted too', () => {
    for (let at = 0; at < 12; at++) {
      const { log } = drive(base, { seed: 5, bad: 'step 0', interruptAt: at });
      assert.ok(['stop not-finite', 'stop interrupted'].includes(log.at(-1)!));
      if (log.includes('step 0')) assert.equal(log.at(-1), 'stop not-finite');
    }
  });

  it('evaluates a version, and nothing else, when asked', () => {
    for (const from of [1, 2, 3, 9]) {
      const { log } = drive({ ...base, from, onlyEvaluate: true }, { seed: from });
      const epoch = Math.ceil(from / 3) - 1;
      assert.deepEqual(log, [`evaluate ${epoch}.0`, `evaluate ${epoch}.1`, 'stop done']);
    }
  });
});

describe('what follows a piece of work', () => {
  for (const [i, schedule] of SCHEDULES.entries()) {
    it(`is what the run opens next, of the same node, up to its end: schedule ${i}`, () => {
      const opened = enumerate(schedule).filter((name) => !/^(save|stop)/.test(name));
      const first = handleStep(schedule, startSteps(schedule), { kind: 'want' }).actions[0];
      assert.ok(first?.kind === 'open');
      const node = { level: 0, index: 1 };
      const names: string[] = [];
      for (let work: Work | null = { ...first.work, node }; work !== null; work = following(schedule, work)) {
        names.push(nameOf(work));
        assert.deepEqual(work.node, node);
      }
      assert.deepEqual(names, opened);
    });
  }
});
