/** Which of the addresses behind a route a request goes to: each in its turn, or the one that its cookie names. */
import { createHash } from "node:crypto";
import type { Address } from "./backend.ts";
import type { Resolved } from "./backends.ts";
import type { Affinity } from "./settings.ts";

export interface Choice {
  readonly address: Address;
  /** The cookie to set, if the client does not have it. */
  readonly cookie: string | undefined;
}

export const addressKey = ({ host, port }: Address): string => `${host} ${port}`;

/** What a cookie says of an address: the same for as long as the address serves, and nothing of where it is. */
export const mark = (address: Address): string =>
  createHash("sha256").update(addressKey(address)).digest("hex").slice(0, 32);

/** `tried`: those that failed this request already. */
export function chooseAddress(
  resolved: Resolved,
  tried: ReadonlySet<string>,
  sticky: { readonly affinity: Affinity; readonly cookie: string | undefined } | undefined,
): Choice | undefined {
  const { addresses } = resolved;
  if (sticky?.cookie && tried.size === 0) {
    const { cookie } = sticky;
    const known = addresses.find((address) => mark(address) === cookie);
    if (known) return { address: known, cookie: undefined };
  }
  const address = nextOf(resolved, tried);
  if (!address) return undefined;
  // A server that failed once may come back: its clients stay its own unless they are to change.
  const changes = sticky && (tried.size === 0 || sticky.affinity.changeOnFailure || !sticky.cookie);
  return { address, cookie: changes ? mark(address) : undefined };
}

function nextOf(resolved: Resolved, tried: ReadonlySet<string>): Address | undefined {
  const { addresses } = resolved;
  for (let i = 0; i < addresses.length; i++) {
    const address = addresses[resolved.turn++ % addresses.length] as Address;
    if (tried.size === 0 || !tried.has(addressKey(address))) return address;
  }
  return undefined;
}

export function affinityCookie(
  { cookie, path, domain, maxAge, expires, sameSite, isSecure }: Affinity,
  value: string,
  { routePath, isTls, now }: { routePath: string; isTls: boolean; now: number },
): string {
  const parts = [`${cookie}=${value}`];
  if (expires !== undefined) parts.push(`Expires=${new Date(now + expires * 1000).toUTCString()}`);
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  if (domain) parts.push(`Domain=${domain}`);
  parts.push(`Path=${path || routePath}`);
  if (isSecure ?? isTls) parts.push("Secure");
  parts.push("HttpOnly");
  if (sameSite) parts.push(`SameSite=${sameSite}`);
  return parts.join("; ");
}
