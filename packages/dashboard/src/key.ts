/**
 * The key that `kubets dashboard` prints with its address. It is kept for this origin, so that a page that is loaded again, and a second one, have it;
 * it is of no use once that command has ended.
 */
const NAME = "key";

/** Takes it out of the address, so that it stands in no history and no screenshot; else the one that is kept. */
export function takeKey(): string {
  const [, given] = /^#key=([\w-]+)$/.exec(window.location.hash) ?? [];
  if (!given) return localStorage.getItem(NAME) ?? "";
  window.history.replaceState(null, "", "#/");
  keepKey(given);
  return given;
}

export const keepKey = (key: string): void => localStorage.setItem(NAME, key);
