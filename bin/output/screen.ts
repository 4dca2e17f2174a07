// screen.ts: where a command writes: results to stdout, progress to stderr, and whether there is a terminal with colours. No text of its own.
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

export interface Screen {
  /** Writes a line, or several, of the result. */
  out(text: string): void;
  /** Writes a line, or several, of progress or of problems. */
  err(text: string): void;
  /** stderr is a terminal: bars may be drawn. */
  readonly live: boolean;
  /** Of a line on stderr, in characters. */
  readonly width: number;
  /** For stdout, and for stderr. */
  readonly outColors: Colors;
  readonly errColors: Colors;
}

/** NO_COLOR (no-color.org) and TERM=dumb turn colours off; else a terminal has them. */
function colorsFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Colors {
  return pc.createColors(Boolean(stream.isTTY) && !env['NO_COLOR'] && env['TERM'] !== 'dumb');
}

export function processScreen(): Screen {
  const { stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    live: Boolean(stderr.isTTY) && env['TERM'] !== 'dumb',
    width: stderr.columns ?? 80,
    outColors: colorsFor(stdout, env),
    errColors: colorsFor(stderr, env),
  };
}
