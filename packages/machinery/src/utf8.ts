/**
 * UTF-8 as Go reads it: each byte that is part of no valid sequence becomes one replacement character.
 * (The web's decoders give one for a whole broken sequence.)
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  let start = 0;
  for (let i = 0; i < buffer.length; ) {
    const length = sequenceLength(buffer, i);
    if (length > 0) {
      i += length;
      continue;
    }
    text += `${buffer.toString("utf8", start, i)}\ufffd`;
    start = ++i;
  }
  return text + buffer.toString("utf8", start);
}

/** Bytes of the valid sequence that begins here, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) {
    if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  }
  return inRange(first, bytes[at + 1] as number) ? length : 0;
}

/** Rules out overlong forms, surrogates and what lies beyond U+10FFFF, all seen from the second byte. */
function inRange(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second < 0xa0;
  if (first === 0xf0) return second >= 0x90;
  return first !== 0xf4 || second < 0x90;
}
