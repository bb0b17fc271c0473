/**
 * Acting as somebody else. Constrained modes are tried first: they ask for the right to act so in this very request, and for the right to be
 * that kind of user; then the plain right to impersonate. The mode that last let a caller through is tried first for them, and of several
 * refusals the first is told.
 */
import { forbidden, type StatusError } from "@kubets/machinery";
import type { AccessAttributes } from "../authz/authorizer.ts";
import { isAllowed, refusal } from "../authz/refusal.ts";
import type { Server } from "../server-context.ts";
import type { User } from "./authenticator.ts";
import { actingUser, type WantedUser } from "./impersonated-user.ts";

const GROUP = "authentication.k8s.io";
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const NODE = "system:node:";
const NODE_OF_CALLER = "authentication.kubernetes.io/node-name";
const MOST_REMEMBERED = 4096;

type Modes = "associated-node" | "arbitrary-node" | "serviceaccount" | "user-info" | "legacy";
type Asked = Pick<AccessAttributes, "verb" | "namespace" | "group" | "resource" | "subresource" | "name">;

/** One way to be let through: what must be allowed, and which groups come with it. */
interface Mode {
  readonly name: Modes;
  readonly asks: readonly Asked[];
  readonly implied: readonly string[];
}

export interface Impersonated {
  readonly user: User;
  /** The right to be such a user that was asked for, where it was not the plain one. */
  readonly constraint: string | undefined;
}

const lastModes = new WeakMap<Server, Map<string, Modes>>();

export async function impersonate(
  server: Server,
  request: AccessAttributes,
  caller: User,
  wanted: WantedUser,
): Promise<Impersonated> {
  const remembered = lastModes.get(server) ?? new Map<string, Modes>();
  lastModes.set(server, remembered);
  const key = `${caller.name}\0${caller.uid ?? ""}`;
  const last = remembered.get(key);
  const modes = modesFor(server, caller, wanted);
  const order = [...modes.filter((mode) => mode.name === last), ...modes.filter((mode) => mode.name !== last)];
  const { impersonation } = server.metrics;
  const began = performance.now();
  let refused: StatusError | undefined;
  for (const mode of order) {
    const why = await refusedBy(server, mode, request, caller);
    if (!why) {
      impersonation.decided(mode.name, began);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(key, mode.name);
      const constraint = mode.name === "legacy" ? undefined : `impersonate:${mode.name}`;
      return { user: actingUser(wanted, mode.implied), constraint };
    }
    refused ??= why;
  }
  impersonation.decided(undefined, began);
  throw refused ?? forbidden({ group: "", resource: "users" }, wanted.name, "impersonation is not allowed");
}

function modesFor(server: Server, caller: User, wanted: WantedUser): Mode[] {
  const legacy = legacyMode(wanted);
  return server.options.featureEnabled("ConstrainedImpersonation")
    ? [...constrainedModes(caller, wanted), legacy]
    : [legacy];
}

function constrainedModes(caller: User, wanted: WantedUser): Mode[] {
  const { name } = wanted;
  const alone = !wanted.uid && !wanted.groups.length && !Object.keys(wanted.extra).length;
  const account = ACCOUNT.exec(name);
  const ask = (mode: Modes, resource: string, what: string, namespace = "", subresource = ""): Asked => ({
    verb: `impersonate:${mode}`,
    group: GROUP,
    resource,
    subresource,
    namespace,
    name: what,
  });
  if (account) {
    if (!alone) return [];
    const [, namespace = "", what = ""] = account;
    return [
      {
        name: "serviceaccount",
        asks: [ask("serviceaccount", "serviceaccounts", what, namespace)],
        implied: groupsOf(namespace),
      },
    ];
  }
  if (name.startsWith(NODE)) {
    if (!alone) return [];
    const node = name.slice(NODE.length);
    const implied = ["system:nodes"];
    const own = caller.extra?.[NODE_OF_CALLER]?.includes(node);
    const arbitrary: Mode = { name: "arbitrary-node", asks: [ask("arbitrary-node", "nodes", node)], implied };
    return own
      ? [{ name: "associated-node", asks: [ask("associated-node", "nodes", "*")], implied }, arbitrary]
      : [arbitrary];
  }
  const asks = [
    ask("user-info", "users", name),
    ...wanted.groups.map((group) => ask("user-info", "groups", group)),
    ...(wanted.uid ? [ask("user-info", "uids", wanted.uid)] : []),
    ...extrasOf(wanted).map(([key, value]) => ask("user-info", "userextras", value, "", key)),
  ];
  return [{ name: "user-info", asks, implied: [] }];
}

function legacyMode(wanted: WantedUser): Mode {
  const account = ACCOUNT.exec(wanted.name);
  const [, namespace = "", accountName = ""] = account ?? [];
  const ask = (resource: string, name: string, group = "", subresource = "", inside = ""): Asked => ({
    verb: "impersonate",
    group,
    resource,
    subresource,
    namespace: inside,
    name,
  });
  return {
    name: "legacy",
    implied: account ? groupsOf(namespace) : [],
    asks: [
      account ? ask("serviceaccounts", accountName, "", "", namespace) : ask("users", wanted.name),
      ...wanted.groups.map((group) => ask("groups", group)),
      ...extrasOf(wanted).map(([key, value]) => ask("userextras", value, GROUP, key)),
      ...(wanted.uid ? [ask("uids", wanted.uid, GROUP)] : []),
    ],
  };
}

const groupsOf = (namespace: string): string[] => ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];

const extrasOf = ({ extra }: WantedUser): [string, string][] =>
  Object.entries(extra).flatMap(([key, values]) => values.map((value): [string, string] => [key, value]));

async function refusedBy(
  server: Server,
  mode: Mode,
  request: AccessAttributes,
  caller: User,
): Promise<StatusError | undefined> {
  const asks: AccessAttributes[] = mode.asks.map((asked) => ({
    ...asked,
    user: caller,
    isResource: true,
    deadline: request.deadline,
    version: asked.group ? "v1" : "",
    path: "",
  }));
  if (mode.name !== "legacy")
    asks.unshift({ ...request, user: caller, verb: `impersonate-on:${mode.name}:${request.verb}` });
  for (const attributes of asks) {
    const began = performance.now();
    const decision = await server.authorizers.authorize(attributes);
    server.metrics.impersonation.asked(mode.name, isAllowed(decision), began);
    if (!isAllowed(decision)) return refusal(attributes, decision.why);
  }
  return undefined;
}
