// mpi.ts: ranks that Debian's mpirun starts, on this machine and over ssh's hosts where those are up. Run by npm run verify:mpi.
import assert from 'node:assert/strict';
import { newToken } from '../../cluster/token.ts';
import { holders, nothingLeft } from '../cases/launcher.ts';
import { freePort } from '../cluster/support/whole-runs.ts';
import { docFolder, sessionsOf, typeIn } from '../support/doc-commands.ts';
import { call, DIGITS, EPOCH, folderFor, removeAll, SHOAL, sameAsDigits, sameInText } from './support.ts';

const MPIRUN = ['mpirun', '--allow-run-as-root', '--oversubscribe', '--mca', 'orte_abort_on_non_zero_status', '0'];

describe('mpirun', () => {
  const folders: string[] = [];
  let token = '';
  let port = '';
  beforeEach(async () => {
    token = newToken();
    port = String(await freePort());
  });
  afterEach(async () => {
    await nothingLeft(token, 30_000);
    removeAll(folders);
  });
  const ranks = (count: number, args: readonly string[], onEvent?: Parameters<typeof call>[2]) =>
    call(
      folderFor({ folders }),
      [...MPIRUN, '-n', String(count), '-x', 'SHOAL_TOKEN', '-x', 'MASTER_PORT', ...SHOAL, 'worker', ...args],
      onEvent,
      { SHOAL_TOKEN: token, MASTER_PORT: port },
    );

  it('three ranks end with the three hashes of shoal train for the digits job', async () => {
    const called = ranks(3, [DIGITS, ...EPOCH, '--threads', '1', '--json']);
    assert.equal(await called.code, 0, called.stderr);
    await sameAsDigits(called.last());
    const told = called.events.find((it) => it.event === 'workers')!;
    assert.deepEqual(Object.keys(told.leaves).sort(), ['rank-0', 'rank-1', 'rank-2']);
  });

  it('goes on when the worker of a rank is killed: the rank starts it again', async () => {
    let step = 0;
    const kill = (what: RegExp) => {
      const victim = holders(token).find(({ command }) => what.test(command));
      assert.ok(victim, String(what));
      process.kill(victim.pid, 'SIGKILL');
    };
    const called = ranks(3, [DIGITS, ...EPOCH, '--threads', '1', '--json'], (event) => {
      if (event.event !== 'step') return;
      if (step < 20 && event.step >= 20) kill(/--name rank-1 /);
      step = event.step;
    });
    assert.equal(await called.code, 0, called.stderr);
    await sameAsDigits(called.last());
  });

  it('SIGTERM ends it well, with a checkpoint; --resume goes on to the same hashes', async () => {
    const args = [DIGITS, ...EPOCH, '--threads', '1', '--json'];
    const called = ranks(2, args, (event) => {
      if (event.event === 'step' && event.step === 30) called.child.kill('SIGTERM');
    });
    assert.notEqual(await called.code, 0);
    await nothingLeft(token, 30_000);
    const again = call(
      folders[0]!,
      [
        ...MPIRUN,
        '-n',
        '2',
        '-x',
        'SHOAL_TOKEN',
        '-x',
        'MASTER_PORT',
        ...SHOAL,
        'worker',
        '--resume',
        'runs/digits',
        '--json',
      ],
      undefined,
      { SHOAL_TOKEN: token, MASTER_PORT: port },
    );
    assert.equal(await again.code, 0, again.stderr);
    await sameAsDigits(again.last());
  });

  it('ranks without a job are workers of a coordinator at MASTER_ADDR', async () => {
    const env = { SHOAL_TOKEN: token, MASTER_PORT: port, MASTER_ADDR: '127.0.0.1' };
    const folder = folderFor({ folders });
    const lead = call(
      folder,
      [...SHOAL, 'coordinator', DIGITS, ...EPOCH, '--listen', `127.0.0.1:${port}`, '--json'],
      undefined,
      env,
    );
    const server = call(folder, [...SHOAL, 'server', '--connect', `ws://127.0.0.1:${port}`], undefined, env);
    const pass = ['SHOAL_TOKEN', 'MASTER_PORT', 'MASTER_ADDR'].flatMap((name) => ['-x', name]);
    const workers = call(folder, [...MPIRUN, '-n', '2', ...pass, ...SHOAL, 'worker', '--threads', '1'], undefined, env);
    assert.deepEqual(await Promise.all([lead.code, server.code, workers.code]), [0, 0, 0], workers.stderr);
    await sameAsDigits(lead.last());
  });

  it('types in what docs/launch-mpi.md shows, word for word', async () => {
    const folder = docFolder();
    folders.push(folder);
    const env = {
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      OMPI_MCA_rmaps_base_oversubscribe: '1',
      MASTER_PORT: port,
    };
    const [first, ...others] = sessionsOf('launch-mpi.md') as [readonly string[], ...(readonly string[])[]];
    for (const session of [first, ...others.map((it) => [first[0]!, ...it])]) {
      const { code, output } = await typeIn(
        folder,
        session.map((it) => it.replace('7070', port)),
        env,
      );
      assert.equal(code, 0, output);
      await sameInText(output);
    }
  });
});
