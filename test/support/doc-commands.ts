// doc-commands.ts: the shell commands that a page of docs/ shows, and a shell that runs them as they stand there. What runs which is the
// business of test/docs/exercised.ts.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { temporaryFolder } from './temporary.ts';

const root = resolve(import.meta.dirname, '../..');
export const pageText = (page: string): string => readFileSync(`${root}/docs/${page}`, 'utf8');

/** Programs whose mention with a word behind it is a command: in running text there is no prompt. */
const PROGRAM = /^(?:npx|npm|shoal|srun|mpirun|sbatch|scancel|scontrol|squeue|ssh|kubectl|docker|apt-get) \S/;

/** What a file of the repository says in a fence of the page after such a prompt, to the next one. */
export const shownBy = (page: string, command: string): string =>
  fencesOf(page)
    .map(({ text }) => text)
    .join('$ \n')
    .split(/^\$ /m)
    .find((part) => part.startsWith(`${command}\n`))!
    .slice(command.length + 1);

interface Fence {
  readonly kind: string;
  readonly text: string;
}
const fencesOf = (page: string): readonly Fence[] =>
  [...pageText(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind, text]) => ({ kind: kind!, text: text! }));

/** What stands behind a prompt, fence by fence: each is one session of a shell. */
export const sessionsOf = (page: string): readonly (readonly string[])[] =>
  fencesOf(page)
    .map(({ text }) => [...text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command!))
    .filter((commands) => commands.length > 0);

/** The scripts that it shows whole. */
export const scriptsOf = (page: string): readonly string[] =>
  fencesOf(page).flatMap(({ kind, text }) => (kind === 'bash' ? [text] : []));

/** The mere name of a command of ours. */
const NAME = /^shoal [a-z]+(?: [a-z]+)?$/;

/** Every command with its words: behind prompts, in scripts, in "Next:", in running text. */
export function commandsOf(page: string): readonly string[] {
  const scripts = scriptsOf(page).flatMap((text) => text.split('\n').filter((line) => line && !/^#!/.test(line)));
  const next = fencesOf(page).flatMap(({ text }) => {
    const [, lines] = /^Next: {2}(.*)/ms.exec(text) ?? [];
    return lines ? lines.trim().split(/\n\s+/) : [];
  });
  const running = pageText(page).replaceAll(/^```.*?^```$/gms, '');
  const mentioned = [...running.matchAll(/`([^`\n]+)`/g)]
    .map(([, code]) => code!)
    .filter((code) => PROGRAM.test(code) && !NAME.test(code));
  return [...new Set([...sessionsOf(page).flat(), ...scripts, ...next, ...mentioned])];
}

/** A folder with `npx shoal` from these sources, and examples/digits.json. Removed at the end of all tests. */
export function docFolder(job: object = JSON.parse(readFileSync(`${root}/examples/digits.json`, 'utf8'))): string {
  const folder = temporaryFolder('docs');
  mkdirSync(`${folder}/examples`);
  writeFileSync(`${folder}/examples/digits.json`, JSON.stringify(job));
  mkdirSync(`${folder}/tools`);
  tool(folder, 'npx', `[ "$1" = shoal ] || exit 64\nshift\nexec '${process.execPath}' '${root}/bin/shoal.ts' "$@"`);
  return folder;
}

/** Puts a program of that name in the way of the system's. */
export function tool(folder: string, name: string, script: string): void {
  writeFileSync(`${folder}/tools/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(`${folder}/tools/${name}`, 0o755);
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs commands in one shell, each after the other while they succeed, as somebody does who types them. */
export function typeIn(
  folder: string,
  commands: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn('bash', ['-c', ['set -e', ...commands].join('\n')], {
    cwd: folder,
    env: { ...process.env, ...env, PATH: `${folder}/tools:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code, output }));
  });
}
