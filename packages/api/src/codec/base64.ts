/** Bytes as JSON holds them: standard base64 with padding, brought into canonical form, and refused in Go's words. */
const FORM = /^[A-Za-z0-9+/]*={0,2}$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

class Base64Error extends Error {}

/** Line ends go; bits that belong to no byte are cleared, as Go's lenient decoder has it. */
export function canonicalBase64(text: string): string {
  const plain = text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]/g, "") : text;
  if (plain.length % 4 !== 0 || !FORM.test(plain)) throw new Base64Error(wrongByte(text));
  if (!plain.endsWith("=")) return plain;
  const spare = plain.endsWith("==") ? 0b1111 : 0b11;
  const last = ALPHABET.indexOf(plain[plain.length - (spare === 0b1111 ? 3 : 2)] ?? "A");
  return (last & spare) === 0 ? plain : Buffer.from(plain, "base64").toString("base64");
}

/** Names the byte at which Go's decoder gives up. */
function wrongByte(text: string): string {
  const bytes = Buffer.from(text);
  const at = (offset: number) => `illegal base64 data at input byte ${offset}`;
  let inQuantum = 0;
  for (let i = 0; i < bytes.length; i++) {
    const char = String.fromCharCode(bytes[i] as number);
    if (char === "\n" || char === "\r") continue;
    if (ALPHABET.includes(char)) {
      inQuantum = (inQuantum + 1) % 4;
      continue;
    }
    if (char !== "=" || inQuantum < 2) return at(i);
    return at(afterPadding(bytes, i, inQuantum));
  }
  return at(bytes.length - inQuantum);
}

/** The first "=" stands at `start`: what is wrong behind it. */
function afterPadding(bytes: Buffer, start: number, inQuantum: number): number {
  const skipLineEnds = (from: number) => {
    let i = from;
    while (bytes[i] === 10 || bytes[i] === 13) i++;
    return i;
  };
  let i = skipLineEnds(start + 1);
  if (inQuantum === 2) {
    if (i === bytes.length) return bytes.length;
    if (bytes[i] !== 61) return i - 1;
    i = skipLineEnds(i + 1);
  }
  return i;
}
