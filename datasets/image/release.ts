// release.ts: the memory of pixels given back as soon as nobody reads them. V8 does not know their size when it decides to collect.

/**
 * What is left is an array of no length. Half a megabyte an image, left to the collector, makes it run every dozen of images, and makes
 * malloc ask the system for other pages each time: a fifth of what decoding costs. Nothing happens where the array is a part of its
 * buffer, and in Node 20, which has no way.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  const { transfer } = buffer as { transfer?(length: number): unknown };
  if (buffer.byteLength === byteLength) transfer?.call(buffer, 0);
}
