// temporary.ts: folders among the system's temporary files, removed when the process that asked for them ends. Not the files in them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** A new folder, "shoal-<kind>-" and some letters: for tests, and for scripts that mocha does not run. */
export function temporaryFolder(kind: string): string {
  // at the end of all, however it comes: what a test has started may still write when the test itself is done
  if (folders.length === 0) process.once('exit', removeAll);
  const folder = mkdtempSync(join(tmpdir(), `shoal-${kind}-`));
  folders.push(folder);
  return folder;
}

function removeAll(): void {
  for (const folder of folders) {
    const error = removed(folder);
    if (error) process.stderr.write(`left behind: ${folder}: ${error instanceof Error ? error.message : error}\n`);
  }
}

/** Removes a folder, trying for five seconds while a process that was killed is still at work in it; what forbade it at last. */
function removed(folder: string): unknown {
  const until = performance.now() + 5000;
  for (;;) {
    try {
      // not with rmSync's own retries: Node 24 waits only whole seconds between them, so none of 100 ms
      rmSync(folder, { recursive: true, force: true });
      return undefined;
    } catch (error) {
      if (performance.now() > until) return error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}
