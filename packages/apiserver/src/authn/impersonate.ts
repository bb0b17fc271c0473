/** Acting as somebody else: each name, group and extra that is claimed needs the right to impersonate it. */
import { internalError } from "@kubets/machinery";
import type { AccessAttributes } from "../authz/authorizer.ts";
import { isAllowed, refusal } from "../authz/refusal.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { Server } from "../server-context.ts";
import { AUTHENTICATED, UNAUTHENTICATED, type User } from "./authenticator.ts";

export async function impersonate(server: Server, exchange: CoreExchange, caller: User): Promise<User> {
  const name = exchange.header("impersonate-user") ?? "";
  const groups = splitHeader(exchange.header("impersonate-group"));
  const uid = exchange.header("impersonate-uid");
  if (name === "") throw internalError(new Error("invalid impersonation: a user must be named"));
  const wanted: [resource: string, name: string, group: string, namespace: string][] = [];
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account) wanted.push(["serviceaccounts", account[2] as string, "", account[1] as string]);
  else wanted.push(["users", name, "", ""]);
  for (const group of groups) wanted.push(["groups", group, "", ""]);
  if (uid) wanted.push(["uids", uid, "authentication.k8s.io", ""]);
  for (const [resource, what, group, namespace] of wanted)
    await check(server, caller, resource, what, group, namespace);
  return { name, ...(uid && { uid }), groups: withDefaults(name, account, groups) };
}

async function check(
  server: Server,
  caller: User,
  resource: string,
  name: string,
  group: string,
  namespace: string,
): Promise<void> {
  const attributes: AccessAttributes = {
    user: caller,
    verb: "impersonate",
    isResource: true,
    namespace,
    group,
    version: group ? "v1" : "",
    resource,
    subresource: "",
    name,
    path: "",
  };
  const decision = await server.authorizers.authorize(attributes);
  if (!isAllowed(decision)) throw refusal(attributes, decision.why);
}

function withDefaults(name: string, account: RegExpExecArray | null, groups: readonly string[]): string[] {
  const all =
    account && groups.length === 0 ? ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`] : [...groups];
  const always = name === "system:anonymous" ? UNAUTHENTICATED : AUTHENTICATED;
  return all.includes(always) ? all : [...all, always];
}

/** Repeated headers arrive joined by commas. */
const splitHeader = (header: string | undefined) => (header ? header.split(/, */).filter(Boolean) : []);
