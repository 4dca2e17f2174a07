// ssh.slow.test.ts: what the ssh launcher does beside launching: hostfiles, the comparing of hosts, and no orphan whichever end dies.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { version } from '../../../bin/version.ts';
import { type About, aboutThis, mustAgree } from '../../../cluster/launchers/about.ts';
import { type FromAgent, runAgent, type ToAgent } from '../../../cluster/launchers/agent.ts';
import { fill, parseHostfile } from '../../../cluster/launchers/hostfile.ts';
import { ssh } from '../../../cluster/launchers/ssh.ts';
import { askHost } from '../../../cluster/launchers/ssh-place.ts';
import { newToken } from '../../../cluster/token.ts';
import { createRun } from '../../../trainer/run-folder.ts';
import { holders, nothingLeft } from '../../cases/launcher.ts';
import { clusterJob } from '../../support/cluster-job.ts';
import { shRemote } from '../../support/sh-remote.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { COMMAND, same, wholeRuns } from '../support/whole-runs.ts';

describe('a hostfile', () => {
  it('has a host and its slots in each line, and comments', () => {
    const text = '# rack 1\nn1 slots=2\nme@n2.example  max-slots=4 slots=3 # twice\n\nn3\n';
    const hosts = parseHostfile(text, 'hosts');
    assert.deepEqual(hosts, [
      { name: 'n1', slots: 2 },
      { name: 'me@n2.example', slots: 3 },
      { name: 'n3', slots: 1 },
    ]);
    assert.deepEqual(fill(hosts, 4), ['n1', 'n1', 'me@n2.example', 'me@n2.example']);
    assert.throws(() => fill(hosts, 7), { code: 'SHOAL_LAUNCH_HOSTFILE', got: '6 slots for 7 workers' });
  });

  it('is refused with the line that is wrong; a name cannot become an option of ssh', () => {
    const refused = (text: string, got: string) =>
      assert.throws(() => parseHostfile(text, 'hosts'), { code: 'SHOAL_LAUNCH_HOSTFILE', got });
    refused('n1\nn2 slots=x', 'slots=x');
    refused('n1 slots=0', 'slots=0');
    refused('-oProxyCommand=x', '-oProxyCommand=x');
    refused('n1\nn1', 'n1 again');
    refused('# nobody', 'no hosts');
  });
});

describe('hosts that are compared before a start', () => {
  const ours: About = { version: '1.0.0', node: 'v24', arithmetic: 'fused', kernels: 'k', data: 'd', threads: 2 };

  it('agree in version, kernels, arithmetic and data; Node may differ, and missing data are fetched', () => {
    mustAgree('n1', { ...ours, node: 'v20', threads: 64, data: null }, ours);
    assert.throws(() => mustAgree('n1', { ...ours, version: '0.9.0', data: 'e' }, ours), {
      code: 'SHOAL_LAUNCH_DIFFERS',
      got: 'shoal 0.9.0, data e',
      expected: 'shoal 1.0.0, data d',
    });
  });

  it('tell what they are; one that cannot be reached is named, with what its shell said', async () => {
    const job = clusterJob();
    try {
      const { about, client, server } = await askHost(shRemote(), 'n1', job.json);
      assert.equal(client, '127.0.0.1');
      assert.equal(server, '127.0.0.1');
      assert.match(about.data!, /^[0-9a-f]{64}$/);
      await assert.rejects(askHost(shRemote('echo no shoal here >&2; exit 9'), 'n7', job.json), {
        code: 'SHOAL_LAUNCH_HOST',
        operation: 'reach n7',
        got: 'code 9:\nno shoal here',
      });
    } finally {
      job.remove();
    }
  });
});

describe('a run on hosts', () => {
  it('places workers by slots, tells each what to compute with, sends it the token and nothing of it in a command line, and ends with the bytes of one process', async () => {
    const runs = await wholeRuns({ epochs: 3 });
    try {
      const path = await createRun(`${runs.at.folder}/runs`, runs.job);
      const seen = new Set<string>();
      const done = await ssh.launch({
        command: COMMAND,
        run: path,
        workers: 3,
        servers: 2,
        threads: 1,
        executor: 'wasm',
        hosts: [
          { name: 'a', slots: 2 },
          { name: 'b', slots: 2 },
        ],
        remote: shRemote(),
        job: runs.at.json,
        about: await aboutThis(version, runs.at.json),
        onEvent(event) {
          if (event.event !== 'epoch') return; // all are there
          for (const { command } of holders(readFileSync(`${path}/token`, 'utf8').trim())) seen.add(command);
        },
      });
      same(done, runs.expected);
      const token = readFileSync(`${path}/token`, 'utf8').trim();
      assert.ok(![...seen].some((command) => command.includes(token)));
      const workers = [...seen].filter((command) => / worker --connect /.test(command));
      assert.equal(workers.length, 3);
      for (const command of workers) assert.match(command, / --threads 1 --executor wasm /);
      await nothingLeft(token);
    } finally {
      runs.remove();
    }
  });
});

describe('an agent', () => {
  /** An agent of its own process, whose child waits for a coordinator that is not there. */
  async function started(): Promise<{ readonly agent: ChildProcess; readonly token: string }> {
    const token = newToken();
    const agent = spawn(process.execPath, [resolve('bin/shoal.ts'), 'agent'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const start: ToAgent = {
      do: 'start',
      args: ['worker', '--connect', 'ws://127.0.0.1:9', '--threads', '1'],
      env: { SHOAL_TOKEN: token },
      files: {},
    };
    agent.stdin!.write(`${JSON.stringify(start)}\n`);
    while (holders(token).length === 0) await new Promise((next) => setTimeout(next, 20));
    return { agent, token };
  }

  it('ends its process when its own input ends, and when it is killed itself', async () => {
    const first = await started();
    first.agent.stdin!.end();
    const [code] = await once(first.agent, 'exit');
    assert.notEqual(code, 0);
    await nothingLeft(first.token);
    const second = await started();
    second.agent.kill('SIGKILL');
    await nothingLeft(second.token);
  });

  it('passes signals on, and answers with the exit code of its process', async () => {
    const { agent } = await started();
    const exits: FromAgent[] = [];
    createInterface({ input: agent.stdout! }).on('line', (line) => exits.push(JSON.parse(line)));
    agent.stdin!.write(`${JSON.stringify({ do: 'signal', signal: 'SIGKILL' } satisfies ToAgent)}\n`);
    const [code] = await once(agent, 'close');
    assert.deepEqual(exits.at(-1), { exit: null });
    assert.equal(code, 137);
  });

  it('has a folder for the files that it is sent while its process lives, and none where it is sent none', async () => {
    const folder = temporaryFolder('agent');
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      const script = `console.log(require('fs').readdirSync(process.argv[1]).length, process.argv[2] && require('fs').readFileSync(process.argv[2], 'utf8'))`;
      const lineOf = async (args: readonly string[], files: Readonly<Record<string, string>>) => {
        const input = new PassThrough();
        input.write(
          `${JSON.stringify({ do: 'start', args: ['-e', script, ...args], env: {}, files } satisfies ToAgent)}\n`,
        );
        const said: FromAgent[] = [];
        const about = () => Promise.reject(new Error('not asked'));
        await runAgent({ input, command: [process.execPath], write: (message) => void said.push(message), about });
        assert.deepEqual(readdirSync(folder), [], 'nothing stays');
        return said[0];
      };
      assert.deepEqual(await lineOf([folder, '{files}/key'], { key: 'secret' }), { line: '1 secret' });
      assert.deepEqual(await lineOf([folder], {}), { line: '0 undefined' });
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });

  it('ends its process when the near end says nothing for too long', async () => {
    const token = newToken();
    const input = new PassThrough();
    const start = { do: 'start', args: ['-e', 'setInterval(() => {}, 1000)'], env: { SHOAL_TOKEN: token }, files: {} };
    input.write(`${JSON.stringify(start)}\n`);
    const said: FromAgent[] = [];
    const about = () => Promise.reject(new Error('not asked'));
    const write = (message: FromAgent): void => void said.push(message);
    const code = await runAgent({ input, command: [process.execPath], write, about, silenceMs: 300 });
    assert.equal(code, 137);
    assert.deepEqual(said, [{ exit: null }]);
    await nothingLeft(token);
  });
});
