// bugs.ts: named failpoints: mistakes that the machines make when their configuration says so, which the simulator must find.
// An empty set, as everywhere but in tests, costs a lookup and changes nothing.

export const BUGS = [
  'lost-lease', // a vanished worker's nodes are never leased again
  'double-count', // a node done twice is added twice to the totals
  'early-ack', // a server acks at the first slice of a node
  'stale-term', // what was pushed and done in an older term counts in this one
  'torn-version', // a worker holds a version when one server's range of it has come
  'apply-before-acks', // a worker says done when the first server has acked
  'forgotten-rollback', // a new term begins without its open record
  'overlapping-cover', // every done node is added, overlapping ones too
  'lease-without-version', // work goes to workers that do not hold its version
  'commit-before-applied', // a step is committed when the first server has applied it
  'kept-nodes', // a server keeps a step's nodes, and takes them for the next step's
] as const;

export type Bug = (typeof BUGS)[number];
export type Bugs = ReadonlySet<Bug>;
