// csv-logger.ts: asks for log.csv in the run's folder, a line an epoch (csv-log.ts). Keras' CSVLogger without its file name. It decides nothing.
import { z } from 'zod';
import { callback } from './kind.ts';

export const csvLogger = callback({
  config: { separator: z.string().length(1).default(',') },
});
