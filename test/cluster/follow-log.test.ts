// follow-log.test.ts: the log of a run that goes on, as its followers see it: whole lines, each once, however they were written. Not who follows it.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventsUntil, followLog } from '../../cluster/follow-log.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Stands for an event: whoever follows looks into none. */
const line = (text: string): string => `${JSON.stringify({ text })}\n`;
const texts = (events: readonly unknown[]): string[] => events.map((it) => (it as { readonly text: string }).text);

describe('a log that is followed', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder('follow');
    file = join(folder, 'events.jsonl');
  });

  it('gives each line once: those from before from the start on, or passes them over', () => {
    writeFileSync(file, line('one') + line('two'));
    const all = followLog(() => file, 'start');
    const fresh = followLog(() => file, 'now');
    assert.deepEqual([texts(all.read()), texts(fresh.read())], [['one', 'two'], []]);
    appendFileSync(file, line('three'));
    assert.deepEqual([texts(all.read()), texts(fresh.read())], [['three'], ['three']]);
    assert.deepEqual([all.read(), fresh.read()], [[], []]);
  });

  it('gives a line when it has its end, whatever its parts, and passes over what is no event', () => {
    const log = followLog(() => file, 'start');
    const [one, two] = [line('one'), line('two')];
    const seen = [one.slice(0, 4), one.slice(4, -1), `\n${two.slice(0, -1)}`, `\n\n{"cut${two}`, two].map((part) => {
      appendFileSync(file, part);
      return texts(log.read());
    });
    assert.deepEqual(seen, [[], [], ['one'], ['two'], ['two']]);
  });

  it('is waited for: its folder may not be named yet, and nothing be there by the name', () => {
    let known = false;
    const logs = (['start', 'now'] as const).map((since) => followLog(() => (known ? file : null), since));
    const seen = () => logs.map((log) => texts(log.read()));
    assert.deepEqual(seen(), [[], []]);
    known = true;
    assert.deepEqual(seen(), [[], []]);
    writeFileSync(file, line('one'));
    assert.deepEqual(seen(), [['one'], ['one']]);
  });

  it('has characters of several bytes whole, at every border of a write or of a read', () => {
    const log = followLog(() => file, 'start');
    const bytes = Buffer.from(line('é漢🐟'));
    for (const byte of bytes.subarray(0, -1)) {
      appendFileSync(file, Buffer.of(byte));
      assert.deepEqual(log.read(), []);
    }
    appendFileSync(file, bytes.subarray(-1));
    assert.deepEqual(texts(log.read()), ['é漢🐟']);
    // longer than any read: three bytes each, which divides no power of two
    const long = '漢'.repeat(100_000);
    appendFileSync(file, line(long) + line('é'));
    assert.deepEqual(texts(log.read()), [long, 'é']);
  });

  it('ends when its run has, with what that wrote last and without a line that it did not end', async () => {
    let end = (): void => {};
    const gone = new Promise<void>((resolve) => {
      end = resolve;
    });
    writeFileSync(file, line('one'));
    const seen: string[] = [];
    const log = followLog(() => file, 'start');
    for await (const event of eventsUntil(gone, log)) {
      seen.push(...texts([event]));
      if (seen.length > 1) continue;
      appendFileSync(file, line('two') + line('three').slice(0, -1));
      end();
    }
    assert.deepEqual(seen, ['one', 'two']);
  });

  it('is not open between two looks, nor when its follower stops', async () => {
    writeFileSync(file, line('one') + line('two'));
    const log = followLog(() => file, 'start');
    const seen: string[] = [];
    for await (const event of eventsUntil(new Promise(() => {}), log)) {
      seen.push(...texts([event]));
      assert.ok(!isOpen(file));
      break;
    }
    assert.deepEqual(seen, ['one']);
    assert.ok(!isOpen(file));
  });
});

/** As far as the system tells. */
function isOpen(file: string): boolean {
  const all = '/proc/self/fd';
  if (!existsSync(all)) return false;
  return readdirSync(all).some((fd) => {
    try {
      return readlinkSync(`${all}/${fd}`) === file;
    } catch {
      return false; // that of the list itself
    }
  });
}
