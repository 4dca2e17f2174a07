// table.ts: the figures of a bench as people and programs read them. It measures nothing.

/** One figure of ours beside the same figure of others. More is better, in one unit. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** ours over the best peer; null where there is no peer. */
  readonly ratio: number | null;
}

export function benchRow(name: string, ours: number, peers: Readonly<Record<string, number>>): BenchRow {
  const best = Math.max(...Object.values(peers));
  return { name, ours, peers, ratio: Number.isFinite(best) ? ours / best : null };
}

/** One JSON object a line: {"name","ours","peers":{..},"ratio"}. */
export const toJsonLines = (rows: readonly BenchRow[]): string =>
  rows.map(({ name, ours, peers, ratio }) => `${JSON.stringify({ name, ours, peers, ratio })}\n`).join('');

/** Four digits of a figure from 1 on, three decimals below; thousands apart. */
function figure(value: number | undefined | null): string {
  if (value === undefined || value === null) return '-';
  const decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Columns aligned by blanks: name, ours, each peer of any row, ratio. */
export function toTable(rows: readonly BenchRow[]): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const cells = rows.map((row) => [
    row.name,
    figure(row.ours),
    ...peers.map((peer) => figure(row.peers[peer])),
    row.ratio === null ? '-' : `${row.ratio.toFixed(2)}x`,
  ]);
  const lines = [['', 'ours', ...peers, 'ratio'], ...cells];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return lines.map((line) => `${line.map(pad).join('  ')}\n`).join('');
}
