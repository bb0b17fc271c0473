/** Logging in at the targets of iSCSI disks and out again, by `iscsiadm`, with the settings and the names that the original gives it. */
import type { Exec } from "../exec.ts";
import { VolumeError } from "./volume.ts";

export interface Session {
  readonly iqn: string;
  /** "host:port", the first one first. */
  readonly portals: readonly string[];
  readonly interfaceName: string;
  readonly chapDiscovery: boolean;
  readonly chapSession: boolean;
  /** Makes an interface of its own, as a copy of another. */
  readonly initiatorName?: string;
  readonly baseInterface?: string;
}

type Secret = Readonly<Record<string, string>>;

const DISCOVERY_KEYS = ["username", "password", "username_in", "password_in"].map(
  (name) => `discovery.sendtargets.auth.${name}`,
);
const SESSION_KEYS = ["username", "password", "username_in", "password_in"].map((name) => `node.session.auth.${name}`);

/** Gives the portals at which it succeeded; throws when there is none. */
export async function logIn(exec: Exec, session: Session, secret: Secret): Promise<string[]> {
  const { iqn, portals, interfaceName } = session;
  const run = (...args: string[]) => iscsiadm(exec, args);
  if (session.initiatorName) await makeInterface(run, session);
  const reached: string[] = [];
  let last: Error | undefined;
  for (const portal of portals) {
    const discovery = ["-m", "discoverydb", "-t", "sendtargets", "-p", portal, "-I", interfaceName];
    const node = ["-m", "node", "-p", portal, "-T", iqn, "-I", interfaceName];
    try {
      if (session.chapDiscovery) {
        await run(...discovery, "-o", "new");
        await settings(
          run,
          [...discovery, "-o", "update"],
          "discovery.sendtargets.auth.authmethod",
          DISCOVERY_KEYS,
          secret,
        );
      }
      await run(...discovery, ...(session.chapDiscovery ? [] : ["-o", "new"]), "--discover");
      if (session.chapSession)
        await settings(run, [...node, "-o", "update"], "node.session.auth.authmethod", SESSION_KEYS, secret);
      await run(...node, "--login").catch(unlessThere);
      await run(...node, "-o", "update", "-n", "node.startup", "-v", "manual");
      reached.push(portal);
    } catch (error) {
      last = error as Error;
      await run(...discovery, "-o", "delete").catch(() => {});
    }
  }
  if (reached.length === 0)
    throw new VolumeError(`failed to get any path for iscsi disk, last err seen:\n${last?.message}`);
  return reached;
}

/** What is not there any more is logged out. */
export async function logOut(exec: Exec, { iqn, portals, interfaceName, initiatorName }: Session): Promise<void> {
  const run = (...args: string[]) => iscsiadm(exec, args).catch(unlessGone);
  for (const portal of portals) {
    const node = ["-m", "node", "-p", portal, "-T", iqn, "-I", interfaceName];
    await run(...node, "--logout");
    await run(...node, "-o", "delete");
  }
  if (initiatorName) await run("-m", "iface", "-I", interfaceName, "-o", "delete");
}

async function makeInterface(run: (...args: string[]) => Promise<string>, session: Session): Promise<void> {
  const { interfaceName, baseInterface = "default", initiatorName = "" } = session;
  const base = await run("-m", "iface", "-I", baseInterface, "-o", "show");
  await run("-m", "iface", "-I", interfaceName, "-o", "new").catch(unlessThere);
  const update = (name: string, value: string) =>
    run("-m", "iface", "-I", interfaceName, "-o", "update", "-n", name, "-v", value);
  for (const [, name = "", value = ""] of base.matchAll(/^(iface\.\S+) = (.*)$/gm))
    if (name !== "iface.iscsi_ifacename" && name !== "iface.initiatorname" && value !== "<empty>")
      await update(name, value);
  await update("iface.initiatorname", initiatorName);
}

async function settings(
  run: (...args: string[]) => Promise<string>,
  update: readonly string[],
  method: string,
  keys: readonly string[],
  secret: Secret,
): Promise<void> {
  await run(...update, "-n", method, "-v", "CHAP");
  for (const key of keys) if (secret[key]) await run(...update, "-n", key, "-v", secret[key]);
}

async function iscsiadm(exec: Exec, args: readonly string[]): Promise<string> {
  try {
    return (await exec.run(["iscsiadm", ...args])).stdout.toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new VolumeError("the node has no iscsiadm: install open-iscsi there, and try again");
    // A password is no word for an event.
    throw Object.assign(new Error((error as Error).message.replace(/(-v) \S+/, "$1 ...")), { cause: undefined });
  }
}

/** "already exists", and a session that is there already. */
function unlessThere(error: Error): string {
  if (/ended with 15\b|already (exists|present)/.test(error.message)) return "";
  throw error;
}

/** "No matching sessions", "no records found"; without the program there never was one. */
function unlessGone(error: Error): string {
  if (/ended with 21\b|[Nn]o (matching|records)|has no iscsiadm/.test(error.message)) return "";
  throw error;
}
