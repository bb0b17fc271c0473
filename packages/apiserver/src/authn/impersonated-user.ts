/** Whom a request asks to act as, read off its headers. */
import { badRequest } from "@kubets/machinery";
import type { CoreExchange } from "../front/core-exchange.ts";
import { AUTHENTICATED, UNAUTHENTICATED, type User } from "./authenticator.ts";
import { headerLines, unescapedKey } from "./header-lines.ts";

const PREFIX = "impersonate-";
const [CAPITAL_I, SMALL_I] = [0x49, 0x69];
const EXTRA = "impersonate-extra-";

export interface WantedUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Undefined where nobody is impersonated. */
export function wantedUser(exchange: CoreExchange): WantedUser | undefined {
  if (!mentions(exchange)) return undefined;
  const name = exchange.header("impersonate-user") ?? "";
  const lines = headerLines(exchange, ["impersonate-group"]);
  const groups = lines.flatMap(([header, value]) => (header === "impersonate-group" ? [value] : []));
  const extra: Record<string, string[]> = {};
  for (const [header, value] of lines)
    if (header.startsWith(EXTRA)) (extra[unescapedKey(header.slice(EXTRA.length))] ??= []).push(value);
  const wanted = { name, uid: exchange.header("impersonate-uid") ?? "", groups, extra };
  if (name) return wanted;
  if (!wanted.uid && !groups.length && !Object.keys(extra).length) return undefined;
  throw badRequest(`requested ${shown(wanted)} without impersonating a user name`);
}

/** Asked of every request: no header is copied for those that impersonate nobody. */
function mentions(exchange: CoreExchange): boolean {
  const raw = exchange.socket?.rawHeaders;
  if (!raw) return exchange.header("impersonate-user") !== undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const first = name.charCodeAt(0);
    if ((first === CAPITAL_I || first === SMALL_I) && name.toLowerCase().startsWith(PREFIX)) return true;
  }
  return false;
}

/** The user that results, with the groups that such a user has without saying so. */
export function actingUser({ name, uid, groups, extra }: WantedUser, implied: readonly string[]): User {
  const all = groups.length ? [...groups] : [...implied];
  const always = name === "system:anonymous" ? UNAUTHENTICATED : AUTHENTICATED;
  if (!all.includes(AUTHENTICATED) && !all.includes(UNAUTHENTICATED)) all.push(always);
  return { name, ...(uid && { uid }), groups: all, ...(Object.keys(extra).length && { extra }) };
}

/** As Go prints it, since clients have seen that text. */
function shown({ name, uid, groups, extra }: WantedUser): string {
  const q = (text: string) => JSON.stringify(text);
  const list = (values: readonly string[]) => `[]string${values.length ? `{${values.map(q).join(", ")}}` : "(nil)"}`;
  const keys = Object.keys(extra).sort();
  const more = keys.length ? `{${keys.map((key) => `${q(key)}:${list(extra[key] ?? [])}`).join(", ")}}` : "(nil)";
  return `&user.DefaultInfo{Name:${q(name)}, UID:${q(uid)}, Groups:${list(groups)}, Extra:map[string][]string${more}}`;
}
