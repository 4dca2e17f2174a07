// commands.test.ts: every shell command of the pages about launching and scaling has something that runs it. What: exercised.ts.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { commandsOf, scriptsOf, sessionsOf } from '../support/doc-commands.ts';
import { EXERCISED } from './exercised.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8');

/** A test as it is written: what its file has before all tests, and its own lines; null if there is none of that title. */
function sourceOf(file: string, title: string): string | null {
  const [before, ...tests] = read(file).split(/^\s*it\(/m);
  const found = tests.find((text) => text.slice(1).startsWith(title) && text[1 + title.length] === text[0]);
  return found === undefined ? null : `${before}\n${found}`;
}

/** Words of a command that a test of other files, hosts and counts has too: programs, what they are to do, names of options. */
function wordsOf(command: string): readonly string[] {
  const words = command
    .replace(/^npx /, '')
    .replace(/ &$/, '')
    .split(/\s+/)
    .filter((word) => word !== 'shoal');
  const options = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0]!);
  const engine = words[words.indexOf('--engine') + 1];
  return [
    ...words.slice(0, 2).filter((word) => /^[a-z]+$/.test(word)),
    ...options,
    ...(words.includes('--engine') ? [engine!] : []),
  ];
}

/** What a test types in of pages, as they stand there. */
const typedBy = (source: string): readonly string[] => [
  ...[...source.matchAll(/sessionsOf\('([^']+)'\)/g)].flatMap(([, page]) => sessionsOf(page!).flat()),
  ...[...source.matchAll(/scriptsOf\('([^']+)'\)/g)].flatMap(([, page]) => scriptsOf(page!)),
];

/** What of the command the test does not do; empty: it runs it. */
function missing(command: string, source: string): readonly string[] {
  const all = [source, ...typedBy(source)].join('\n');
  if (all.includes(command)) return [];
  return wordsOf(command).filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(all));
}

describe('commands in the pages about launching and scaling', () => {
  const pages = readdirSync(`${root}/docs`).filter((name) => /^(launch.*|scale)\.md$/.test(name));

  it('each have a test that runs them, and no test is named for a command that is not there', () => {
    assert.deepEqual(Object.keys(EXERCISED).sort(), pages.sort());
    for (const page of pages)
      assert.deepEqual([...commandsOf(page)].sort(), Object.keys(EXERCISED[page]!).sort(), `docs/${page}`);
  });

  for (const page of pages)
    it(`of docs/${page} stand in those tests: word for word, or program, options and engine`, () => {
      for (const [command, [file, title]] of Object.entries(EXERCISED[page]!)) {
        const source = sourceOf(file, title);
        assert.ok(source !== null, `${file} has no test "${title}"`);
        assert.deepEqual(missing(command, source), [], `${command}: in "${title}" of ${file}`);
      }
    });

  it('are missed where a test does something else', () => {
    const source = sourceOf('test/verify/slurm.ts', 'types in what docs/launch-slurm.md shows, word for word')!;
    assert.deepEqual(missing('npx shoal launch JOB --engine pbs --hostfile x', source), ['--hostfile', 'pbs']);
    assert.equal(sourceOf('test/verify/slurm.ts', 'another title'), null);
  });

  it('names scripts of npm that there are, and the packages that their starters install', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
    for (const engine of ['ssh', 'slurm', 'mpi', 'kubernetes'])
      assert.equal(scripts[`verify:${engine}`], `node test/verify/with.ts ${engine}`); // npm run verify:ssh, :slurm, :mpi, :kubernetes
    assert.match(read('test/support/mpi.sh'), /apt-get install .*openmpi-bin/);
  });
});
