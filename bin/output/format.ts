// format.ts: numbers, times and tables as text. It writes nothing.

/** 12345 -> "12,345" */
export const count = (n: number): string => Math.round(n).toLocaleString('en');

/** Bytes in binary units: "1.5 MiB". */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, n)) / 10)));
  const value = n / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** Operations in decimal units: "1.2 MFLOP". */
export function flops(n: number): string {
  const units = ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, n)) / 3)));
  const value = n / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** Seconds as "4.2 s", "3:07" or "1:02:45". */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return clock(seconds);
}

/** Seconds as on a clock: "0:04", "3:07", "1:02:45". */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Figures that are one number, as "loss 0.0412", "accuracy 0.9880"; others (per class, matrices) are left out. */
export const figureFields = (metrics: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.entries(metrics).flatMap(([name, value]) => (typeof value === 'number' ? [`${name} ${figure(value)}`] : []));

export const figures = (metrics: Readonly<Record<string, unknown>>): string => figureFields(metrics).join('  ');

/** Four digits after the point, or an exponent where they would say nothing. */
export const figure = (value: number): string =>
  value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e6) ? value.toExponential(2) : value.toFixed(4);

/**
 * Rows as columns of text, two spaces apart.
 * @param right the columns that are set right, from 0
 */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    right.includes(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** A name on one line: what moves a terminal's cursor, or changes its colours, is spelt out. */
export const onOneLine = (name: string): string =>
  name.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
