// mask.ts: image files whose bytes are classes of pixels: grey ones, and PNGs with a palette, of which the indices count. Not the moving: annotations.ts.
import { crc32 } from 'node:zlib';
import { ShoalError } from '../../base/errors.ts';
import { NOTHING } from '../annotations.ts';
import type { Mask } from '../source.ts';
import { decodeImage } from './decode.ts';
import { loadSharp } from './sharp.ts';

/** In masks that are written: a pixel of which nothing is known, as Pascal VOC has it. */
const UNKNOWN = 255;
/** Classes of pixels at most. */
export const MOST_CLASSES = UNKNOWN;

/** The class of a byte in masks that preparation wrote. */
export const ownClass = (byte: number): number => (byte === UNKNOWN ? NOTHING : byte);

/**
 * @param classOf the class of a byte, or of an index into the palette; -1 for none
 * @throws {ShoalError} SHOAL_OPTIONAL_PACKAGE without sharp, SHOAL_DATA_FORMAT for colours without a palette and for 16 bits a pixel, others of decodeImage
 */
export async function decodeMask(bytes: Uint8Array, origin: string, classOf: (byte: number) => number): Promise<Mask> {
  const header = headerOf(bytes);
  if (header?.bits === 16) throw unfit(origin, '16 bits a pixel');
  const indexed = header?.colours === PALETTE;
  const plain = { resize: null, crop: null, channels: 3 } as const;
  const grey = header?.colours === GREY;
  const opaque = indexed ? withoutPalette(bytes) : grey ? withChunks(bytes, (name) => name !== 'tRNS') : bytes;
  const { data, rows, columns } = await decodeImage(opaque, origin, plain);
  // grey of fewer bits is spread over the bytes: 0 and 255 for one bit
  const spread = indexed ? 255 / (2 ** header.bits - 1) : 1;
  const classes = Int32Array.from({ length: 256 }, (_, byte) => classOf(byte / spread));
  const label = new Int32Array(rows * columns);
  for (let i = 0; i < label.length; i++) {
    const value = data[3 * i]!;
    if (value !== data[3 * i + 1] || value !== data[3 * i + 2]) throw unfit(origin, 'colours');
    label[i] = classes[value]!;
  }
  return { rows, columns, label };
}

/** A grey PNG; the same bytes for the same mask and version of sharp. */
export async function encodeMask({ rows, columns, label }: Mask): Promise<Uint8Array> {
  const sharp = await loadSharp('encode a mask');
  const grey = Uint8Array.from(label, (one) => (one === NOTHING ? UNKNOWN : one));
  const opened = sharp(grey, { raw: { width: columns, height: rows, channels: 1 } }).toColourspace('b-w');
  return (await opened.png({ compressionLevel: 6 }).toBuffer({ resolveWithObject: true })).data;
}

/** Bytes of signature and header; other chunks follow. */
const HEAD = 33;
const [GREY, PALETTE] = [0, 3];

/** Of a PNG: bits of a pixel's index or sample, and the type of its colours. Null for other files. Source: the PNG specification, section 11.2.1. */
function headerOf(bytes: Uint8Array): { readonly bits: number; readonly colours: number } | null {
  if (bytes.length < HEAD || bytes[0] !== 0x89 || bytes[1] !== 0x50) return null;
  return { bits: bytes[24]!, colours: bytes[25]! };
}

/** The same PNG as if its indices were shades of grey: decoders then give them as they are. */
function withoutPalette(bytes: Uint8Array): Uint8Array {
  const grey = withChunks(bytes, (name) => name !== 'PLTE' && (name.charCodeAt(0) & 0x20) === 0); // what must be there
  grey[25] = 0;
  new DataView(grey.buffer).setUint32(HEAD - 4, crc32(grey.subarray(12, HEAD - 4)));
  return grey;
}

/** A PNG with its header and some of its other chunks. */
function withChunks(bytes: Uint8Array, keeps: (name: string) => boolean): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, HEAD)];
  for (let at = HEAD; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (keeps(String.fromCharCode(...bytes.subarray(at + 4, at + 8)))) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return new Uint8Array(Buffer.concat(kept)); // a copy that begins its buffer
}

const unfit = (origin: string, got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FORMAT',
    operation: `read ${origin}`,
    got,
    expected: 'a grey image whose bytes are classes, or a PNG with a palette whose indices are',
    hint: 'Write it as a grey PNG first.',
  });
