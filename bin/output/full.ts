// full.ts: what happens when stdout or stderr take no more. Not a run's own files.
import { writeError } from '../../trainer/write-error.ts';
import { errorText } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Screen } from './screen.ts';

/**
 * Whoever reads our output has gone (`| head`): the command ends as with Ctrl-C, and what was asked for is done. On a full disk: the
 * same for results, but as an error, SHOAL_RUN_WRITE; without its progress, which is in the run's folder too, a command goes on.
 * @returns whether results were lost: the command has failed then, however it ended
 */
export function watchOutput(screen: Screen): () => boolean {
  let failed = false;
  for (const name of ['stdout', 'stderr'] as const)
    process[name].once('error', (error: NodeJS.ErrnoException) => {
      process[name].on('error', () => {});
      if (error.code !== 'EPIPE') {
        if (name === 'stderr') return;
        failed = true;
        screen.err(errorText(writeError(error, 'write to stdout'), screen.errColors, false));
      }
      if (!process.emit('SIGINT')) process.exit(failed ? EXIT.failed : EXIT.done);
    });
  return () => failed;
}
