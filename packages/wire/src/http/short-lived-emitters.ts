/**
 * Shows V8 that most emitters live for a short time. It decides by the first hundreds that one place in the code makes whether to make those to come in the old
 * generation, for good, and all emitters get their table of listeners in one place. A burst of connections, which live on, would settle it for requests too:
 * then the table of each request keeps the whole request until all of the heap is collected, and collections of new objects copy a fifth of them instead of nothing.
 */
import { EventEmitter } from "node:events";

/** Their tables fill what is collected first, so that all but a few of them are seen to be gone. */
const ENOUGH = 10_000;
let isShown = false;

export function showShortLivedEmitters(): void {
  if (isShown) return;
  isShown = true;
  for (let i = 0; i < ENOUGH; i++) new EventEmitter();
}
