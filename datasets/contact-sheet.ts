// contact-sheet.ts: some samples of a source as one HTML page: pictures, labels, counts. The page fetches nothing; every name is escaped.
import { ShoalError } from '../base/errors.ts';
import { decodeImage, type Pixels } from './image/decode.ts';
import { loadSharp } from './image/sharp.ts';
import { cssColour, framesOf, tinted } from './marks.ts';
import { byCodeUnits, COUNTED, type Content, type Entry, type Mask, type Source } from './source.ts';
import { rankOf } from './split.ts';

/** Longer side of a picture, in pixels. */
const SIDE = 128;

export interface SheetOptions {
  /** What the source is called. */
  readonly title: string;
  readonly samples: number;
  /** Which samples. */
  readonly seed: number;
}

/** Samples drawn by the seed, class by class in turn, so that each class is seen. */
export function drawSamples({ entries }: Pick<Source, 'entries'>, count: number, seed: number): Entry[] {
  const byClass = new Map<number | null, { entry: Entry; rank: string }[]>();
  for (const entry of entries) {
    const one = { entry, rank: rankOf(seed, `look ${entry.key}`) };
    const list = byClass.get(entry.label);
    if (list) list.push(one);
    else byClass.set(entry.label, [one]);
  }
  const lists = [...byClass]
    .sort(([a], [b]) => (a ?? -1) - (b ?? -1))
    .map(([, list]) => list.sort((a, b) => byCodeUnits(a.rank, b.rank)));
  const drawn: Entry[] = [];
  for (let round = 0; drawn.length < count && lists.some((list) => list.length > round); round++)
    for (const list of lists) if (list[round] && drawn.length < count) drawn.push(list[round]!.entry);
  return drawn.sort((a, b) => (a.label ?? -1) - (b.label ?? -1) || byCodeUnits(a.key, b.key));
}

/** @throws {ShoalError} SHOAL_OPTIONAL_PACKAGE */
export async function contactSheet(source: Source, { title, samples, seed }: SheetOptions): Promise<string> {
  const { classes, entries, places, bad } = source;
  const cards: string[] = [];
  for (const entry of drawSamples(source, samples, seed)) {
    const name = captionOf(source, entry);
    const caption = `<figcaption><b>${escaped(name)}</b>${escaped(entry.key)}</figcaption>`;
    cards.push(`<figure>${await pictureOf(source, entry)}${caption}</figure>`);
  }
  const counts = (classes ?? []).map((name, label) => ({
    name,
    count: countOf(entries, label),
    label,
  }));
  const most = Math.max(1, ...counts.map(({ count }) => count));
  const bars = counts.map(({ name, count, label }) => {
    const heading = `<th>${places ? `<b style="background:${cssColour(label)}"></b>` : ''}${escaped(name)}</th>`;
    if (places === 'mask') return `<tr>${heading}</tr>`; // pixels are not counted here
    return `<tr>${heading}<td>${count}</td><td><i style="width:${((100 * count) / most).toFixed(1)}%"></i></td></tr>`;
  });
  const trouble =
    bad.length === 0
      ? ''
      : `<p class="bad">${bad.length} refused by the scan, the first ${escaped(bad[0]!.key)}: ${escaped(bad[0]!.reason)}</p>`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>
:root{color-scheme:light dark}body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem auto;max-width:70rem;padding:0 1rem}
h1{font-size:1.3rem;margin:0}p{margin:.3rem 0 1rem;color:GrayText}.bad{color:#c33}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.8rem}
figure{margin:0;border:1px solid #8884;border-radius:.4rem;padding:.4rem;overflow:hidden}
figure>div{position:relative}img{display:block;width:100%;height:8rem;object-fit:contain;image-rendering:pixelated}
svg{position:absolute;inset:0;width:100%;height:8rem}rect{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}
th b{display:inline-block;width:.7rem;height:.7rem;margin-right:.4rem;border-radius:.2rem}
pre{height:8rem;margin:0;overflow:hidden;font-size:.7rem;white-space:pre-wrap;word-break:break-all}
figcaption{font-size:.72rem;color:GrayText;overflow-wrap:anywhere;margin-top:.3rem}figcaption b{display:block;color:CanvasText;font-size:.85rem}
table{border-collapse:collapse;margin:0 0 1.2rem;width:100%;max-width:34rem}th{text-align:left;font-weight:400;padding-right:1rem}
td:nth-child(2){text-align:right;padding-right:.8rem;font-variant-numeric:tabular-nums}td:last-child{width:50%}
i{display:block;height:.7rem;background:#4a8fd0;border-radius:.2rem;min-width:1px}
</style>
<h1>${escaped(title)}</h1><p>${entries.length} samples${inClasses(source)}; ${cards.length} shown, drawn by the seed ${seed}</p>
${trouble}<table>${bars.join('')}</table>
<main>
${cards.join('\n')}
</main></html>
`;
}

/** As in "12 samples in 3 classes". */
export const inClasses = ({ classes, places }: Pick<Source, 'classes' | 'places'>): string =>
  classes ? ` ${places ? `with ${COUNTED[places]} of` : 'in'} ${classes.length} classes` : '';

/** The class; or those of its boxes. */
export function captionOf({ classes }: Pick<Source, 'classes'>, { label, boxes }: Entry): string {
  const nameOf = (one: number): string => classes?.[one] ?? String(one);
  if (!boxes) return label === null ? '' : nameOf(label);
  const counts = new Map<number, number>();
  for (const one of boxes.labels) counts.set(one, (counts.get(one) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return sorted.map(([one, n]) => (n === 1 ? nameOf(one) : `${nameOf(one)} x ${n}`)).join(', ');
}

/** Samples or boxes of a class. */
const countOf = (entries: readonly Entry[], label: number): number =>
  entries.reduce(
    (sum, entry) => sum + (entry.boxes?.labels.filter((one) => one === label).length ?? Number(entry.label === label)),
    0,
  );

async function pictureOf(source: Source, entry: Entry): Promise<string> {
  try {
    const mask = source.places === 'mask' ? await source.mask!(entry) : null;
    const picture = await shown(await source.load(entry), entry, mask);
    const frames = entry.boxes ? framesOf(entry.boxes, (label) => escaped(source.classes![label]!)) : '';
    return `<div>${picture}${frames}</div>`;
  } catch (error) {
    if (!(error instanceof ShoalError) || error.code === 'SHOAL_OPTIONAL_PACKAGE') throw error;
    return `<pre class="bad">${escaped(error.got)}</pre>`;
  }
}

async function shown(content: Content, { key }: Entry, mask: Mask | null): Promise<string> {
  const marked = (pixels: Pixels): Promise<string> => imageOf(mask ? tinted(pixels, mask) : pixels);
  if (content.kind === 'text') return `<pre>${escaped(content.text.slice(0, 500))}</pre>`;
  if (content.kind === 'image') {
    const pixels = await decodeImage(content.bytes, key, { resize: null, crop: null, channels: 3 });
    return marked(pixels);
  }
  const { shape, data } = content;
  const [rows, columns, channels] = shape;
  if (data instanceof Uint8Array && shape.length === 3 && (channels === 1 || channels === 3))
    return marked({ data, rows: rows!, columns: columns!, channels });
  return `<pre>${[...data.slice(0, 60)].map((x) => Number(x.toPrecision(4))).join(' ')}</pre>`;
}

/** As a PNG inside the page, no larger than SIDE. */
async function imageOf({ data, rows, columns, channels }: Pixels): Promise<string> {
  const sharp = await loadSharp('show an image');
  const opened = sharp(data, { raw: { width: columns, height: rows, channels } });
  const sized =
    Math.max(rows, columns) > SIDE
      ? opened.resize({ ...(rows > columns ? { height: SIDE } : { width: SIDE }), fit: 'cover' })
      : opened;
  const { data: png } = await sized.png({ compressionLevel: 9 }).toBuffer({ resolveWithObject: true });
  return `<img alt="" src="data:image/png;base64,${Buffer.from(png).toString('base64')}">`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`).replace(/\p{Cc}/gu, '\u2423');
