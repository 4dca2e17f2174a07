// with.ts: `npm run verify:ssh | verify:slurm | verify:mpi | verify:kubernetes`: starts the daemons that the checks need, runs them, stops the daemons. Where they
// cannot be had it says what is missing and how many checks were skipped, and ends with 0. `--keep` leaves the daemons running.
import { spawnSync } from 'node:child_process';

const STARTERS = {
  ssh: { starter: 'ssh-hosts', checks: ['ssh'] },
  slurm: { starter: 'slurm-box', checks: ['slurm'] },
  kubernetes: { starter: 'go', checks: ['kubernetes'] },
  mpi: { starter: 'mpi', checks: ['mpi'] },
} as const;

const [name, ...rest] = process.argv.slice(2) as [keyof typeof STARTERS, ...string[]];
const { starter, checks } = STARTERS[name];
const keep = rest.includes('--keep');
const more = rest.filter((word) => word !== '--keep');
const daemons = (what: string) => spawnSync('bash', [`test/support/${starter}.sh`, what], { encoding: 'utf8' });
const mocha = (...args: readonly string[]) =>
  spawnSync(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', '--timeout', '300000', ...checks.map((it) => `test/verify/${it}.ts`), ...args],
    { encoding: 'utf8', stdio: args.includes('--dry-run') ? 'pipe' : 'inherit' },
  );

const up = daemons('up');
if (up.status === 0) {
  const { status } = mocha(...more);
  if (!keep) daemons('down');
  process.exitCode = status ?? 1;
} else {
  const count = /(\d+) passing/.exec(mocha('--dry-run').stdout)?.[1] ?? 'all';
  console.log(`${up.stderr.trim()}\n${count} checks skipped`);
}
