/**
 * The one-time authenticator Poly1305 (RFC 8439, section 2.5). Numbers of 130 bits are ten of 13 bits: all products and their sums are far below what
 * a double holds exactly.
 */
const BITS = 13;
const LIMBS = 10;
const LIMB = 1 << BITS;

export function poly1305(key: Uint8Array, message: Uint8Array): Buffer {
  const factor = limbsOf(clamped(key.subarray(0, 16)));
  let sum: readonly number[] = limbsOf(new Uint8Array(16));
  for (let at = 0; at < message.length; at += 16) {
    const block = limbsOf(Uint8Array.of(...message.subarray(at, at + 16), 1));
    sum = times(
      sum.map((limb, i) => limb + (block[i] as number)),
      factor,
    );
  }
  return tagOf(sum, key.subarray(16, 32));
}

/** Some bits of the first half of the key are always 0. */
function clamped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte & (i % 4 === 3 ? 15 : i % 4 === 0 && i > 0 ? 252 : 255));
}

/** Up to 17 bytes, the least first. */
function limbsOf(bytes: Uint8Array): number[] {
  const byte = (at: number) => bytes[at] ?? 0;
  return Array.from({ length: LIMBS }, (_, i) => {
    const at = (i * BITS) >> 3;
    return ((byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16)) >>> ((i * BITS) & 7)) & (LIMB - 1);
  });
}

/** The product, reduced by 2^130 - 5: what flows over at the top comes in at the bottom, five times. */
function times(a: readonly number[], b: readonly number[]): number[] {
  const product = Array.from({ length: LIMBS }, () => 0);
  for (let i = 0; i < LIMBS; i++)
    for (let j = 0; j < LIMBS; j++) {
      const at = i + j;
      const part = (a[i] as number) * (b[j] as number);
      if (at < LIMBS) product[at] = (product[at] as number) + part;
      else product[at - LIMBS] = (product[at - LIMBS] as number) + 5 * part;
    }
  carry(product);
  carry(product);
  return product;
}

function carry(limbs: number[]): void {
  for (let i = 0; i < LIMBS; i++) {
    const over = Math.floor((limbs[i] as number) / LIMB);
    limbs[i] = (limbs[i] as number) - over * LIMB;
    if (i + 1 < LIMBS) limbs[i + 1] = (limbs[i + 1] as number) + over;
    else limbs[0] = (limbs[0] as number) + 5 * over;
  }
}

const PRIME = 2n ** 130n - 5n;

/** The sum, wholly reduced, and the second half of the key added to it. */
function tagOf(sum: readonly number[], pad: Uint8Array): Buffer {
  let value = 0n;
  for (const limb of sum.toReversed()) value = value * BigInt(LIMB) + BigInt(limb);
  const added = BigInt(`0x${Buffer.from(pad).reverse().toString("hex")}`) + (value % PRIME);
  const tag = (added & (2n ** 128n - 1n)).toString(16).padStart(32, "0");
  return Buffer.from(tag, "hex").reverse();
}
