// monitor-routes.ts: what a coordinator answers to GET /status, /metrics, /health/live and /health/ready. Who may ask: listener.ts.
import type { ServerResponse } from 'node:http';
import type { Monitor } from './monitor.ts';
import type { RouteHandler } from './transport.ts';

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

/** For those who have the token: names of machines stand in it. */
export const statusRoute =
  (monitor: Monitor): RouteHandler =>
  (_, response) =>
    answer(response, 200, 'application/json', `${JSON.stringify(monitor.status())}\n`);

/** Numbers and states without a name. */
export function metricsRoute({ metrics }: Monitor): RouteHandler {
  return async (_, response) => {
    const { type, body } = await metrics.text();
    answer(response, 200, type, body);
  };
}

/** /health/live: 200 while the process answers. /health/ready: 200 while steps can be computed; else 503 and what is waited for. */
export function healthRoute(monitor: Monitor): RouteHandler {
  return (request, response) => {
    const which = (request.url ?? '').split('?', 1)[0]!.split('/')[2];
    if (which !== 'live' && which !== 'ready') {
      answer(response, 404, 'text/plain', 'Not Found\n');
      return;
    }
    const reason = which === 'live' ? null : monitor.waiting();
    answer(response, reason === null ? 200 : 503, 'text/plain', `${reason ?? 'ok'}\n`);
  };
}
