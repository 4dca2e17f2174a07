// audit.test.ts: logs that are in order, and each way in which one can be wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { auditLog } from '../../cluster/audit.ts';
import { auditRun } from '../../cluster/coordinator-files.ts';
import { drawsOf } from '../../cluster/draws.ts';
import type { LogRecord } from '../../cluster/log-record.ts';
import type { Monitor } from '../../cluster/monitor.ts';
import { healthRoute } from '../../cluster/monitor-routes.ts';
import type { Job } from '../../trainer/job.ts';
import type { Node } from '../../trainer/tree.ts';
import { temporaryFolder } from '../support/temporary.ts';

const FACTS = { samples: 10, batch: 4, seed: 3 };
const draws = drawsOf(FACTS);
type Commit = Extract<LogRecord, { record: 'commit' }>;
type Open = Extract<LogRecord, { record: 'open' }>;

const open = (term: number, version: number, change: Partial<Open> = {}): LogRecord => ({
  record: 'open',
  term,
  job: 'job',
  dataset: 'data',
  ...FACTS,
  version,
  ...change,
});
const ROOT: Node = { level: 1, index: 0 };
const commit = (term: number, step: number, change: Partial<Commit> = {}): LogRecord => ({
  record: 'commit',
  term,
  step,
  version: step + 1,
  draws: draws(step),
  rows: step % 3 === 2 ? 2 : 4,
  totals: [1],
  nodes: [{ node: ROOT, worker: 'w' }],
  ...change,
});
const text = (...records: readonly LogRecord[]): string => records.map((it) => `${JSON.stringify(it)}\n`).join('');
const audit = (log: string, steps?: number) =>
  auditLog(log, { microShards: 2, job: 'job', ...(steps === undefined ? {} : { steps }) });

describe('the audit', () => {
  const leaf = (index: number): Node => ({ level: 0, index });
  const good = text(
    open(1, 0),
    commit(1, 0),
    commit(1, 1),
    { record: 'checkpoint', term: 1, version: 2, path: 'p' },
    commit(1, 2),
    open(2, 2),
    commit(2, 2, {
      nodes: [
        { node: leaf(1), worker: 'v' },
        { node: leaf(0), worker: 'w' },
      ],
    }),
    commit(2, 3),
  );

  it('reports the surviving lineage: what rollbacks cut counts for nothing', () => {
    assert.deepEqual(audit(good, 4), {
      ok: true,
      report: {
        terms: 2,
        steps: 4,
        cut: 1,
        adopted: 0,
        epochs: 1,
        draws: 14,
        checkpoints: 1,
        leaves: { w: 7, v: 1 },
        torn: false,
      },
    });
  });

  it('takes steps of one process on the word of its checkpoint, and counts them apart', () => {
    const lines = text({ record: 'adopt', term: 0, version: 2, path: 'x' }, open(1, 2), commit(1, 2), commit(1, 3));
    const result = audit(lines, 4);
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual([result.report.adopted, result.report.steps, result.report.draws], [2, 4, 14]);
  });

  it('of 40,000 steps, of which 10,000 were cut, lets a question after the health of its process be answered meanwhile', async () => {
    const run = temporaryFolder('audit');
    const steps = (term: number, from: number, to: number): LogRecord[] =>
      Array.from({ length: to - from }, (_, i) => commit(term, from + i));
    writeFileSync(
      `${run}/commits.jsonl`,
      text(open(1, 0), ...steps(1, 0, 25_000), open(2, 15_000), ...steps(2, 15_000, 30_000)),
    );
    const health = healthRoute({ waiting: () => null } as Monitor);
    const server = createServer((request, response) => void health(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const order: string[] = [];
    const [audited, answer] = await Promise.all([
      auditRun(run, { microShards: 2 } as Job, 'job').finally(() => order.push('audited')),
      fetch(`http://127.0.0.1:${port}/health/live`).finally(() => order.push('answered')),
    ]);
    server.closeAllConnections();
    await once(server.close(), 'close');
    assert.deepEqual(order, ['answered', 'audited']);
    assert.equal(answer.status, 200);
    assert.ok(audited.ok, JSON.stringify(audited));
    const { cut, leaves, draws } = audited.report;
    assert.deepEqual([cut, leaves, draws], [10_000, { w: 60_000 }, 100_000]);
  });

  it('passes over a torn last line', () => {
    const result = audit(`${good}{"record":"com`, 4);
    assert.ok(result.ok && result.report.torn);
  });

  const cases: readonly (readonly [name: string, log: string, line: number, what: RegExp, steps?: number])[] = [
    ['a step twice', text(open(1, 0), commit(1, 0), commit(1, 0)), 3, /step 0 where step 1/],
    ['a step left out', text(open(1, 0), commit(1, 0), commit(1, 2)), 3, /step 2 where step 1/],
    ['other draws', text(open(1, 0), commit(1, 0, { draws: draws(1) })), 2, /other draws/],
    ['other rows', text(open(1, 0), commit(1, 0, { rows: 3 })), 2, /3 rows/],
    [
      'a leaf left out',
      text(open(1, 0), commit(1, 0, { nodes: [{ node: leaf(0), worker: 'w' }] })),
      2,
      /leaf 1 .* 0 times/,
    ],
    [
      'a leaf twice',
      text(
        open(1, 0),
        commit(1, 0, {
          nodes: [
            { node: ROOT, worker: 'w' },
            { node: leaf(0), worker: 'w' },
          ],
        }),
      ),
      2,
      /leaf 0 .* 2 times/,
    ],
    [
      'a node beyond the tree',
      text(open(1, 0), commit(1, 0, { nodes: [{ node: { level: 2, index: 0 }, worker: 'w' }] })),
      2,
      /beyond/,
    ],
    ['a commit of an older term', text(open(2, 0), commit(1, 0)), 2, /term 1 in term 2/],
    ['a term that does not grow', text(open(1, 0), open(1, 0)), 2, /term 1 after term 1/],
    ['a term ahead of its lineage', text(open(1, 0), open(2, 1)), 2, /version 1 after 0 steps/],
    [
      'a checkpoint ahead of its lineage',
      text(open(1, 0), { record: 'checkpoint', term: 1, version: 1, path: 'p' }),
      2,
      /version 1/,
    ],
    ['another seed', text(open(1, 0), open(2, 0, { seed: 4 })), 2, /seed/],
    ['another job', text(open(1, 0, { job: 'other' })), 1, /other/],
    ['a commit before any term', text(commit(1, 0)), 1, /before any term/],
    ['a line that is not JSON', 'x\n', 1, /not JSON/],
    ['a line of something else', '{"a":1}\n', 1, /not a record/],
    [
      'a commit without its nodes',
      text(open(1, 0), { ...commit(1, 0), nodes: null } as unknown as LogRecord),
      2,
      /cannot be read/,
    ],
    ['a run that is not over', text(open(1, 0), commit(1, 0)), 2, /1 steps where the run has 4/, 4],
    ['no log of a run that is over', '', 1, /no term/, 4],
  ];
  for (const [name, log, line, what, steps] of cases)
    it(`finds ${name}, with its line`, () => {
      const result = audit(log, steps);
      assert.ok(!result.ok);
      assert.match(result.violation, what);
      assert.equal(result.line, line);
    });
});
