// members.ts: what is remembered of each process of a run, for the table of workers and the metrics. It decides nothing.
import type { Peer } from './messages.ts';
import { createRate, type Rate } from './rate.ts';
import type { Fed, Report } from './report.ts';

export interface Member {
  readonly peer: Peer;
  /** Null: it has gone. */
  link: number | null;
  /** ms of a monotonic clock. */
  seen: number;
  /** Its last. */
  report: Report | null;
  readonly rate: Rate;
  leasesDone: number;
}

export type Sums = Pick<Report, 'read' | 'written' | 'refused'>;

export interface Members {
  /** @returns restarted: a new process of a name that was there before */
  hello(link: number, peer: Peer, now: number): 'new' | 'restarted' | 'reconnected';
  /** It said something. */
  said(link: number, now: number, report: Report | null): void;
  gone(link: number): void;
  of(role: Peer['role'], name: string): Member | undefined;
  /** Those that have gone, newest last. */
  left(role: Peer['role']): readonly Member[];
  /** Of all processes of a role that ever were. */
  sums(role: Peer['role']): Sums;
  /** Of all workers that ever were. */
  fed(): Fed;
  /** Resident bytes of those that are there. */
  memory(role: Peer['role']): number;
}

/** Of those that have gone, so many are remembered. */
const LEFT = 64;

const added = (sum: Fed, { wall = 0, waited = 0, read = 0, augment = 0 }: Partial<Fed> = {}): Fed => ({
  wall: sum.wall + wall,
  waited: sum.waited + waited,
  read: sum.read + read,
  augment: sum.augment + augment,
});

export function createMembers(): Members {
  const members = new Map<string, Member>();
  const byLink = new Map<number, Member>();
  const before: Record<Peer['role'], { read: number; written: number; refused: number }> = {
    worker: { read: 0, written: 0, refused: 0 },
    server: { read: 0, written: 0, refused: 0 },
  };
  let fedBefore: Fed = { wall: 0, waited: 0, read: 0, augment: 0 };
  const keyOf = (role: Peer['role'], name: string): string => `${role} ${name}`;
  const ofRole = (role: Peer['role']): Member[] => [...members.values()].filter((it) => it.peer.role === role);

  /** Its counters are done with. */
  function fold({ peer, report }: Member): void {
    const sums = before[peer.role];
    sums.read += report?.read ?? 0;
    sums.written += report?.written ?? 0;
    sums.refused += report?.refused ?? 0;
    fedBefore = added(fedBefore, report?.fed);
  }

  function forgetOldest(): void {
    const left = [...members].filter(([, it]) => it.link === null);
    for (const [key, member] of left.slice(0, -LEFT)) {
      fold(member);
      members.delete(key);
    }
  }

  return {
    hello(link, peer, now) {
      const key = keyOf(peer.role, peer.name);
      const known = members.get(key);
      if (known?.link) byLink.delete(known.link);
      members.delete(key); // so that the newest stand last
      if (known?.peer.incarnation === peer.incarnation) {
        members.set(key, Object.assign(known, { link, seen: now }));
        byLink.set(link, known);
        return 'reconnected';
      }
      if (known) fold(known);
      const member = { peer, link, seen: now, report: null, rate: createRate(), leasesDone: 0 };
      members.set(key, member);
      byLink.set(link, member);
      return known ? 'restarted' : 'new';
    },
    said(link, now, report) {
      const member = byLink.get(link);
      if (!member) return;
      member.seen = now;
      if (report) member.report = report;
    },
    gone(link) {
      const member = byLink.get(link);
      if (!member) return;
      byLink.delete(link);
      member.link = null;
      forgetOldest();
    },
    of: (role, name) => members.get(keyOf(role, name)),
    left: (role) => ofRole(role).filter((it) => it.link === null),
    sums(role) {
      const sum = (key: keyof Sums) => ofRole(role).reduce((a, it) => a + (it.report?.[key] ?? 0), before[role][key]);
      return { read: sum('read'), written: sum('written'), refused: sum('refused') };
    },
    fed: () => ofRole('worker').reduce((sum, { report }) => added(sum, report?.fed), fedBefore),
    memory: (role) => ofRole(role).reduce((a, it) => a + (it.link === null ? 0 : (it.report?.memory ?? 0)), 0),
  };
}
