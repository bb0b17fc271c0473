/**
 * Which queues a flow may use: a small hand dealt from all of them by the flow's name, so that a flow that floods shares all of its queues with
 * hardly any other flow. The same name is always dealt the same hand.
 */
export function dealHand(name: string, queues: number, handSize: number): number[] {
  const hand: number[] = [];
  let [high, low] = hash64(name);
  for (let left = queues; hand.length < Math.min(handSize, queues); left--) {
    // Long division of the 64 bits by what is left of the deck; the remainder is the card's place among those left.
    const upper = Math.floor(high / left);
    const carried = (high % left) * 2 ** 32 + low;
    [high, low] = [upper, Math.floor(carried / left) % 2 ** 32];
    hand.push(cardAt(carried % left, hand));
  }
  return hand;
}

/** The card at a place among those that are not in the hand yet. */
function cardAt(place: number, hand: readonly number[]): number {
  let card = place;
  for (const taken of hand.toSorted((a, b) => a - b)) if (taken <= card) card++;
  return card;
}

/** Two rounds of FNV-1a from different starts, stirred so that short names differ in all bits. */
function hash64(text: string): [number, number] {
  return [stir(fnv(text, 0x811c9dc5)), stir(fnv(text, 0x5bd1e995))];
}

function fnv(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function stir(hash: number): number {
  const a = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  const b = Math.imul(a ^ (a >>> 15), 0x846ca68b);
  return (b ^ (b >>> 16)) >>> 0;
}
