// token-text.ts: how a process that joins a run is given its token, as one types it. The token itself: cluster/token.ts.
import { RUN } from '../../trainer/run-folder.ts';

export const tokenText = (run: string): string =>
  process.env['SHOAL_TOKEN'] ? 'the same SHOAL_TOKEN' : `SHOAL_TOKEN=$(cat ${run}/${RUN.token})`;
