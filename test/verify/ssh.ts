// ssh.ts: the ssh launcher against three real sshds (test/support/ssh-hosts.sh). Run by npm run verify:ssh.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { version } from '../../bin/version.ts';
import { aboutThis } from '../../cluster/launchers/about.ts';
import { ssh } from '../../cluster/launchers/ssh.ts';
import { askHost } from '../../cluster/launchers/ssh-place.ts';
import { newToken } from '../../cluster/token.ts';
import { holders, launcherCases, nothingLeft } from '../cases/launcher.ts';
import { docFolder, sessionsOf, shownBy, tool, typeIn } from '../support/doc-commands.ts';
import { farCommand } from '../support/sh-remote.ts';
import { call, DIGITS, EPOCH, folderFor, removeAll, SHOAL, sameAsDigits, sameInText, starter } from './support.ts';

const config = starter('ssh-hosts', 'config');
const hostfile = starter('ssh-hosts', 'hosts');
const client = ['ssh', '-F', config];
const remote = { ssh: client, agent: `cd ${process.cwd()} && ${farCommand}` };

launcherCases({
  name: 'ssh',
  names: ['worker-1', 'worker-2'],
  async launch(options, { at }) {
    const hosts = ['n1', 'n2'].map((name) => ({ name, slots: 1 }));
    return ssh.launch({ ...options, hosts, remote, job: at.json, about: await aboutThis(version, at.json) });
  },
});

describe('shoal launch --engine ssh', () => {
  const folders: string[] = [];
  let token = '';
  beforeEach(() => {
    token = newToken();
  });
  afterEach(async () => {
    await nothingLeft(token, 40_000);
    removeAll(folders);
  });

  const launch = (onEvent?: Parameters<typeof call>[2], ...more: readonly string[]) =>
    call(
      folderFor({ folders }),
      [
        ...[...SHOAL, 'launch', DIGITS, '--engine', 'ssh', '--hostfile', hostfile, '--ssh', client.join(' ')],
        ...[...EPOCH, '--threads', '1', '--json', ...more],
      ],
      onEvent,
      { SHOAL_TOKEN: token },
    );

  it('ends with the three hashes of shoal train for the digits job, on 4 slots of 3 hosts with 2 servers', async () => {
    const called = launch(undefined, '--servers', '2');
    assert.equal(await called.code, 0, called.stderr);
    await sameAsDigits(called.last());
    const told = called.events.find((it) => it.event === 'workers');
    assert.equal(Object.keys(told!.leaves).length, 4);
  });

  it('passes Ctrl-C on: exit code 130, a checkpoint, nothing left; with --resume it ends with the same hashes', async () => {
    const called = launch((event) => event.event === 'step' && event.step === 30 && called.child.kill('SIGINT'));
    assert.equal(await called.code, 130, called.stderr);
    await nothingLeft(token);
    const again = call(
      folders[0]!,
      [
        ...SHOAL,
        'launch',
        '--resume',
        'runs/digits',
        '--engine',
        'ssh',
        '--hostfile',
        hostfile,
        '--ssh',
        client.join(' '),
        '--json',
      ],
      undefined,
      { SHOAL_TOKEN: token },
    );
    assert.equal(await again.code, 0, again.stderr);
    await sameAsDigits(again.last());
  });

  it('leaves no process on any host when it is killed itself', async () => {
    const called = launch((event) => event.event === 'step' && event.step === 20 && called.child.kill('SIGKILL'));
    await called.code;
    await nothingLeft(token, 20_000);
  });

  it('goes on when an ssh client is killed: its worker ends there, and is started again', async () => {
    let killed = false;
    const called = launch((event) => {
      if (event.event !== 'step' || event.step < 20 || killed) return;
      killed = true;
      const victim = clients(called.child.pid!, 'n2')[0]!;
      process.kill(victim, 'SIGKILL');
    });
    assert.equal(await called.code, 0, called.stderr);
    assert.ok(called.events.some((it) => it.event === 'restarted'));
    await sameAsDigits(called.last());
  });

  it('goes on without a host that is gone for good', async () => {
    let stopped = false;
    const called = launch((event) => {
      if (event.event !== 'step' || event.step < 20 || stopped) return;
      stopped = true;
      starter('ssh-hosts', 'stop', 'n2');
      for (const pid of clients(called.child.pid!, 'n2')) process.kill(pid, 'SIGKILL');
    });
    try {
      assert.equal(await called.code, 0, called.stderr);
      await sameAsDigits(called.last());
    } finally {
      starter('ssh-hosts', 'start', 'n2');
    }
  });

  it('refuses to start where a host has another version, other data, or cannot be reached', async () => {
    const job = JSON.parse(readFileSync(DIGITS, 'utf8'));
    const about = await aboutThis(version, job);
    const seen = await askHost(remote, 'n1', job);
    assert.deepEqual(seen.about, about);
    const folder = folderFor({ folders });
    writeFileSync(`${folder}/hosts`, 'n1\nnowhere\n');
    const command = [...SHOAL, 'launch', DIGITS, '--engine', 'ssh', '--hostfile', 'hosts', '--ssh', client.join(' ')];
    const called = call(folder, command, undefined, { SHOAL_TOKEN: token });
    assert.equal(await called.code, 2);
    assert.match(called.stderr, /SHOAL_LAUNCH_HOST: reach nowhere/);
    rmSync(`${folder}/runs`, { recursive: true, force: true });
    writeFileSync(`${folder}/hosts`, 'n1\n');
    const old = `--remote=cd ${process.cwd()} && exec ${SHOAL[0]} test/support/old-agent.ts`;
    const other = call(folder, [...command, old], undefined, { SHOAL_TOKEN: token });
    assert.equal(await other.code, 2, other.stderr);
    assert.match(other.stderr, /SHOAL_LAUNCH_DIFFERS: start a run on n1\n {2}got {6}shoal 0\.0\.1\n/);
  });

  it('types in what docs/launch-ssh.md shows, word for word', async () => {
    const folder = docFolder();
    folders.push(folder);
    const page = 'launch-ssh.md';
    writeFileSync(`${folder}/hosts`, shownBy(page, 'cat hosts'));
    tool(folder, 'ssh', `exec "$(PATH=/usr/bin:/bin command -v ssh)" -F ${config} "$@"`); // in place of ~/.ssh/config
    const [shown] = sessionsOf('launch-ssh.md') as [readonly string[]];
    const login = 'ssh -o BatchMode=yes n1 true';
    const { code, output } = await typeIn(
      folder,
      [login, ...shown.map((it) => it.replace(/ --engine/, ' --epochs 1$&'))],
      {
        SHOAL_TOKEN: token,
      },
    );
    assert.equal(code, 0, output);
    assert.match(output, /4 workers, 1 servers/);
    await sameInText(output);
  });

  /** Pids of ssh clients to a host that a launcher started. */
  function clients(parent: number, host: string): number[] {
    return holders(token)
      .filter(
        ({ pid, command }) =>
          command.startsWith('ssh ') && command.includes(` -T ${host} `) && parentOf(pid) === parent,
      )
      .map(({ pid }) => pid);
  }
  const parentOf = (pid: number): number =>
    Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]);

  it('--prep makes the dataset of one data prep, in a task for each slot; one that is killed is started again', async () => {
    const folder = folderFor({ folders });
    const words = ['digits', '--encode', 'raw', '--shard-size', '1000'];
    const alone = call(folder, [...SHOAL, 'data', 'prep', ...words, '-o', 'alone']);
    assert.equal(await alone.code, 0, alone.stderr);
    const how = ['--engine', 'ssh', '--hostfile', hostfile, '--ssh', client.join(' '), '--threads', '1', '--json'];
    let killed = false;
    const called = call(folder, [...SHOAL, 'launch', '--prep', ...how, '--', ...words, '-o', 'parts'], () => {
      const task = killed ? undefined : taskIn(folder, '2/4');
      if (task === undefined) return;
      killed = true;
      process.kill(task, 'SIGKILL');
    });
    assert.equal(await called.code, 0, called.stderr);
    assert.ok(killed);
    const [one, other] = ['alone', 'parts'].map((it) => readFileSync(`${folder}/${it}/manifest.json`, 'utf8'));
    assert.equal(other, one);
  });
});

/** The process of a task that works in this folder. */
function taskIn(folder: string, task: string): number | undefined {
  const found = readdirSync('/proc').find((name) => {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      return words.at(words.indexOf('--task') + 1) === task && readlinkSync(`/proc/${name}/cwd`) === folder;
    } catch {
      return false; // gone meanwhile, or no process
    }
  });
  return found === undefined ? undefined : Number(found);
}
