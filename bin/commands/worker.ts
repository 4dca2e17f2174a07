// worker.ts: `shoal worker` and `shoal server`: one process of a run that a coordinator leads. What they do: cluster/worker.ts, server.ts.
import { hostname } from 'node:os';
import type { PeerNews } from '../../cluster/peer-news.ts';
import { runServer } from '../../cluster/server.ts';
import { findToken } from '../../cluster/token.ts';
import { runWorker } from '../../cluster/worker.ts';
import { parseAddress, parseUrl, readListenTls, readTrust, type TlsOptions } from '../input/cluster-options.ts';
import { executorOf } from '../input/executor.ts';
import { coordinatorOf } from '../input/placement.ts';
import { onInterrupt } from '../interrupt.ts';
import { warningText } from '../output/errors.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { openLog } from '../output/log.ts';
import type { Screen } from '../output/screen.ts';
import { usageError } from '../output/usage-error.ts';
import { endWithParent } from '../parent.ts';

export interface JoinOptions extends TlsOptions {
  /** Default: at MASTER_ADDR, as a launcher's variables say. */
  readonly connect?: string;
  readonly name?: string;
  readonly threads?: number;
  /** What computes: a name of trainer/tfjs-executor.ts. */
  readonly executor?: string;
  /** Folder for data that are fetched. */
  readonly cache?: string;
  readonly cacheGib?: number;
  /** Servers: where workers reach them. */
  readonly listen?: string;
  readonly advertise?: string;
  /** Beyond loopback without TLS. */
  readonly insecure?: boolean;
  /** A file, or - for stderr: what happens, as lines of JSON. */
  readonly log?: string;
}

interface Joining {
  readonly connect: string;
  readonly token: string;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onNews: (news: PeerNews) => void;
}

/** Joins with what the environment and the command line say, until the run is over or a signal comes. */
async function join(
  role: 'worker' | 'server',
  options: JoinOptions,
  screen: Screen,
  run: (how: Joining) => Promise<void>,
): Promise<ExitCode> {
  endWithParent();
  const connect =
    options.connect === undefined ? coordinatorOf(options.insecure) : parseUrl('--connect', options.connect);
  const token = findToken({ environment: process.env });
  if (token === null) {
    throw usageError(
      `start a ${role}`,
      'no SHOAL_TOKEN',
      "the run's token in the environment",
      'The coordinator says where it keeps it.',
    );
  }
  const controller = new AbortController();
  const stop = onInterrupt(
    () => controller.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const name = options.name ?? `${hostname()}-${process.pid}`;
  const log = await openLog(options.log, { role, name });
  try {
    if (!process.send && options.log !== '-') screen.err(`${name}: joining ${connect}`);
    const onNews = (news: PeerNews): void => {
      log.news(news);
      if (news.news === 'unreachable' && options.log !== '-') screen.err(warningText(news.problem, screen.errColors));
    };
    await run({ connect, token, name, signal: controller.signal, onNews });
    log.ended(null);
    return controller.signal.aborted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    log.ended(error);
    throw error;
  } finally {
    stop();
  }
}

export async function workerCommand(options: JoinOptions, screen: Screen): Promise<ExitCode> {
  const executor = await executorOf(options.executor);
  return join('worker', options, screen, (how) =>
    runWorker({
      ...how,
      ...(executor && { executor }),
      ...trust(options),
      ...(options.threads !== undefined && { threads: options.threads }),
      ...(options.cache !== undefined && { cache: options.cache }),
      ...(options.cacheGib !== undefined && { cacheBytes: options.cacheGib * 2 ** 30 }),
      ...(options.insecure && { insecure: true }),
    }),
  );
}

export async function serverCommand(options: JoinOptions, screen: Screen): Promise<ExitCode> {
  const where = {
    ...(options.listen !== undefined && parseAddress(options.listen)),
    ...(options.advertise !== undefined && { advertise: parseUrl('--advertise', options.advertise) }),
  };
  return join('server', options, screen, (how) =>
    runServer({
      ...how,
      ...trust(options),
      ...listenTls(options),
      ...where,
      ...(options.insecure && { insecure: true }),
    }),
  );
}

function trust(options: JoinOptions) {
  const tls = readTrust(options);
  return tls && { tls };
}

function listenTls(options: JoinOptions) {
  const own = readListenTls(options);
  return own && { listenTls: own };
}
