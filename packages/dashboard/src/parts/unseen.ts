/** What stands in the place of what cannot be shown: it is being read, the user may not see it, or the server does not answer. */
import { type ComponentChild, h } from "preact";
import type { Followed } from "../server/follow.ts";
import { Loading } from "./messages.ts";

const FORBIDDEN = 403;

export function unseen({ phase, items, failure }: Followed<unknown>, what: string): ComponentChild {
  if (phase === "loading") return h(Loading, { what });
  if (!failure || items.length > 0) return undefined;
  const text = failure.code === FORBIDDEN ? `You may not list ${what}.` : `${what}: ${failure.message}`;
  return h("p", { class: "quiet" }, text);
}
