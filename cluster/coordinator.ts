// coordinator.ts: the coordinator as a pure function of events and time. No socket, file or clock.
import type {
  Checkpoint,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorResult,
  CoordinatorState,
} from './coordinator-types.ts';
import type { Term } from './messages.ts';

/** @param lastTerm of the log's last open record, 0 for an empty log */
export declare function startCoordinator(
  config: CoordinatorConfig,
  lastTerm: Term,
  checkpoint: Checkpoint,
): CoordinatorState;
/** @param now ms of a monotonic clock */
export declare function handleCoordinator(
  config: CoordinatorConfig,
  state: CoordinatorState,
  event: CoordinatorEvent,
  now: number,
): CoordinatorResult;
