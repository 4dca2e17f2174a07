// server-machine.ts: a server as a pure function of events. No socket, no floats.
import type { ServerConfig, ServerEvent, ServerResult, ServerState } from './server-types.ts';

export declare function startServer(): ServerState;
export declare function handleServer(config: ServerConfig, state: ServerState, event: ServerEvent): ServerResult;
