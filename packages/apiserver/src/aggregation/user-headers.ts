/** How this server tells others on whose behalf it asks: in headers that they believe because of its certificate. */
import type { User } from "../authn/authenticator.ts";

export function userHeaders({ name, uid, groups, extra = {} }: User): Record<string, string | string[]> {
  return {
    "x-remote-user": name,
    ...(uid && { "x-remote-uid": uid }),
    ...(groups.length && { "x-remote-group": [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`x-remote-extra-${escapedKey(key)}`, [...values]]),
    ),
  };
}

/** What a client sends under such names is not believed, and not passed on. */
export const isUserHeader = (name: string): boolean => name.startsWith("x-remote-");

/** Only what may stand in the name of a header goes as it is. */
const escapedKey = (key: string) =>
  key.replace(/[^A-Za-z0-9!#$&'*+.^_`|~-]/g, (c) =>
    [...Buffer.from(c)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
