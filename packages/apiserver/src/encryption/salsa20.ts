/**
 * The stream cipher XSalsa20 (D. J. Bernstein, "Extending the Salsa20 nonce"): a key of 32 bytes and a nonce of 24 give a stream that is laid over
 * the bytes. Node's OpenSSL does not have it.
 */
const SIGMA = Uint32Array.from([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);

/** The words that a quarter round changes, four at a time: columns, then rows. */
const QUARTERS = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

/** The first bytes of the stream, as many as `length`. */
export function xsalsa20(key: Uint8Array, nonce: Uint8Array, length: number): Buffer {
  const subkey = hsalsa20(wordsOf(key), wordsOf(nonce.subarray(0, 16)));
  const rest = wordsOf(nonce.subarray(16, 24));
  const stream = Buffer.alloc(Math.ceil(length / 64) * 64);
  for (let block = 0; block * 64 < length; block++) {
    const input = state(subkey, [rest[0] as number, rest[1] as number, block >>> 0, Math.floor(block / 2 ** 32)]);
    const output = rounds(input);
    for (let i = 0; i < 16; i++)
      stream.writeUInt32LE(((output[i] as number) + (input[i] as number)) >>> 0, block * 64 + i * 4);
  }
  return stream.subarray(0, length);
}

/** A key for one nonce: what the rounds leave of the constants and of the nonce. */
function hsalsa20(key: Uint32Array, nonce: Uint32Array): Uint32Array {
  const output = rounds(state(key, [...nonce]));
  return Uint32Array.from([0, 5, 10, 15, 6, 7, 8, 9].map((i) => output[i] as number));
}

function state(key: Uint32Array, middle: readonly number[]): Uint32Array {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = SIGMA;
  return Uint32Array.from([s0, ...key.subarray(0, 4), s1, ...middle, s2, ...key.subarray(4, 8), s3]);
}

function rounds(input: Uint32Array): Uint32Array {
  const x = input.slice();
  for (let round = 0; round < 10; round++)
    for (const [a, b, c, d] of QUARTERS) {
      mix(x, b, a, d, 7);
      mix(x, c, b, a, 9);
      mix(x, d, c, b, 13);
      mix(x, a, d, c, 18);
    }
  return x;
}

function mix(x: Uint32Array, into: number, one: number, other: number, by: number): void {
  const sum = ((x[one] as number) + (x[other] as number)) >>> 0;
  x[into] = (x[into] as number) ^ ((sum << by) | (sum >>> (32 - by)));
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}
