// page-script.ts: what runs in a page of plots (page.ts), as a function that is written into it: it may use nothing from outside itself.
import type { Plot } from './page.ts';

/** What it uses of uPlot, a global of the page. */
interface UPlotChart {
  setSize(size: { width: number; height: number }): void;
  destroy(): void;
}

export function drawPlots(): void {
  const { uPlot } = globalThis as unknown as {
    uPlot: new (options: object, data: object, at: Element) => UPlotChart;
  };
  const plots = JSON.parse(document.getElementById('plots')!.textContent!) as Plot[];
  // told apart without colours, too: by dashes and by the legend's order; after Okabe and Ito
  const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00'];
  const DARK = ['#56b4e9', '#e69f00', '#2fc99a', '#e29ac4', '#f0e442'];
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const print = matchMedia('print');
  let charts: UPlotChart[] = [];
  let widths = '';

  const short = (value: number): string => {
    if (value === 0) return '0';
    const size = Math.abs(value);
    for (const [unit, name] of [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const)
      if (size >= unit * 0.9999) return `${Number((value / unit).toPrecision(3))}${name}`;
    return String(Number(value.toPrecision(3)));
  };

  function draw(): void {
    for (const chart of charts) chart.destroy();
    const isDark = dark.matches && !print.matches;
    const colors = isDark ? DARK : LIGHT;
    const text = isDark ? '#9aa7b8' : '#5c6878';
    const grid = { stroke: isDark ? '#2a323d' : '#e3e8ee', width: 1 };
    charts = plots.map((plot, number) => {
      const at = document.getElementById(`plot-${number}`)!;
      const columns: (readonly (number | null)[])[] = [plot.at];
      const series: object[] = [
        { label: plot.x, value: (_: unknown, v: number | null) => (v === null ? '-' : short(v)) },
      ];
      const bands: object[] = [];
      const value = (_: unknown, v: number | null): string => (v === null ? '-' : short(v));
      plot.series.forEach((it, i) => {
        const stroke = colors[i % colors.length]!;
        columns.push(it.values);
        series.push({
          label: it.label,
          stroke,
          width: 2,
          value,
          ...(it.dashed
            ? { dash: [6, 4], points: { show: false } }
            : it.ring
              ? { points: { show: true, size: 15, fill: 'transparent', width: 2 } }
              : { points: { show: true, size: 7, fill: stroke } }),
          spanGaps: true,
        });
        if (!it.low || !it.high) return;
        columns.push(it.high, it.low);
        const edge = { class: 'edge', stroke: 'transparent', points: { show: false }, value };
        series.push({ ...edge, label: `${it.label}, high` }, { ...edge, label: `${it.label}, low` });
        bands.push({ series: [columns.length - 2, columns.length - 1], fill: `${stroke}2e` });
      });
      const axis = {
        stroke: text,
        grid,
        ticks: grid,
        font: '12px system-ui, sans-serif',
        labelFont: '12px system-ui, sans-serif',
        labelSize: 22,
        values: (_: unknown, values: (number | null)[]) => values.map((v) => (v === null ? '' : short(v))),
      };
      const here = { splits: () => plot.at, filter: (_: unknown, splits: number[]) => splits };
      return new uPlot(
        {
          width: at.clientWidth,
          height: 280,
          scales: {
            x: { time: false, ...(plot.log && { distr: 3, log: 2 }) },
            y:
              plot.log === 'both'
                ? { distr: 3 }
                : { range: (_: unknown, __: number, high: number) => [0, high * 1.08] },
          },
          series,
          bands,
          axes: [
            { ...axis, label: plot.x, ...(plot.at.length <= 12 && here) },
            { ...axis, label: plot.y, size: 58 },
          ],
          legend: { live: true },
          cursor: { drag: { x: false, y: false } },
        },
        columns,
        at,
      );
    });
  }
  const place = (): string => plots.map((_, i) => document.getElementById(`plot-${i}`)!.clientWidth).join();
  draw();
  widths = place();
  dark.addEventListener('change', draw);
  // canvases keep the colours that they were drawn with
  print.addEventListener('change', draw);
  addEventListener('resize', () => {
    if (place() === widths) return;
    widths = place();
    draw();
  });
}
