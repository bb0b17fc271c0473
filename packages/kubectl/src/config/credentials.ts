/**
 * How the flags of `config set-credentials` change a user.
 * Holds: a token and a name with password exclude each other, and so do a file and its content.
 */
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import type { FlagValues } from "@kubets/machinery/flags";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, objectAt, textAt } from "../json.ts";
import { bool, list, text } from "../verbs/flags.ts";

export const credentialFlags = {
  "client-certificate": text({ help: "The client's certificate file." }),
  "client-key": text({ help: "The client's key file." }),
  "embed-certs": bool({ help: "Put the content of the files into the kubeconfig." }),
  token: text({ help: "Bearer token." }),
  username: text({ help: "Name for basic authentication." }),
  password: text({ help: "Password for basic authentication." }),
  "auth-provider": text({ help: "The name of an auth provider." }),
  "auth-provider-arg": list({ help: "key=value of the auth provider; key- to remove it.", split: false }),
  "exec-command": text({ help: "A program that gives credentials." }),
  "exec-api-version": text({ help: "The API version that the program speaks." }),
  "exec-arg": list({ help: "An argument of the program.", split: false }),
  "exec-env": list({ help: "key=value for the program; key- to remove it.", split: false }),
  "exec-interactive-mode": text({ help: "Never, IfAvailable or Always." }),
  "exec-provide-cluster-info": bool({ help: "Tell the program which cluster is meant." }),
};

type CredentialFlags = FlagValues<typeof credentialFlags>;

export async function changedUser(
  before: JsonObject,
  flags: CredentialFlags,
  given: ReadonlySet<string>,
  configFile: string,
): Promise<JsonObject> {
  const basic = given.has("username") || given.has("password");
  if (given.has("token") && basic)
    throw new UsageError(
      "you cannot specify more than one authentication method at the same time: --token, --username/--password",
    );
  if (flags["embed-certs"] && !flags["client-certificate"] && !flags["client-key"])
    throw new UsageError("you must specify a --client-certificate or --client-key to embed");
  let user: JsonObject = { ...before };
  for (const what of ["client-certificate", "client-key"] as const)
    if (given.has(what)) user = { ...user, ...(await fileFields(what, flags[what], flags["embed-certs"], configFile)) };
  if (given.has("token")) user = { ...user, token: flags.token, username: "", password: "" };
  if (given.has("username")) user = { ...user, username: flags.username };
  if (given.has("password")) user = { ...user, password: flags.password };
  if (basic) user = { ...user, token: "" };
  if (given.has("auth-provider"))
    user["auth-provider"] = { ...objectAt(user, "auth-provider"), name: flags["auth-provider"] };
  if (given.has("auth-provider-arg") && user["auth-provider"] !== undefined) {
    const config = changedPairs(mapAt(user, "auth-provider", "config"), flags["auth-provider-arg"]);
    user["auth-provider"] = { ...objectAt(user, "auth-provider"), config };
  }
  return [...given].some((name) => name.startsWith("exec-"))
    ? { ...user, exec: changedExec(objectAt(user, "exec"), flags, given) }
    : user;
}

function changedExec(before: JsonObject, flags: CredentialFlags, given: ReadonlySet<string>): JsonObject {
  const env = Object.fromEntries(listAt(before, "env").map((each) => [textAt(each, "name"), textAt(each, "value")]));
  const changed = Object.entries(changedPairs(env, flags["exec-env"])).map(([name, value]) => ({ name, value }));
  const { command = "", args = null, provideClusterInfo = false, env: _, ...rest } = before;
  const kept = given.has("exec-command") ? null : args;
  return {
    command: given.has("exec-command") ? flags["exec-command"] : command,
    args: given.has("exec-arg") ? [...flags["exec-arg"]] : kept,
    env: changed.length > 0 ? changed : null,
    ...rest,
    ...(given.has("exec-api-version") && { apiVersion: flags["exec-api-version"] }),
    provideClusterInfo: given.has("exec-provide-cluster-info")
      ? flags["exec-provide-cluster-info"]
      : provideClusterInfo,
    ...(given.has("exec-interactive-mode") && { interactiveMode: flags["exec-interactive-mode"] }),
  };
}

function changedPairs(before: Readonly<Record<string, string>>, written: readonly string[]): Record<string, string> {
  const pairs = { ...before };
  for (const each of written) {
    const equals = each.indexOf("=");
    if (equals > 0) pairs[each.slice(0, equals)] = each.slice(equals + 1);
    else if (each.endsWith("-")) delete pairs[each.slice(0, -1)];
    else throw new UsageError(`invalid argument ${JSON.stringify(each)}: must be key=value, or key- to remove it`);
  }
  return pairs;
}

/** The path of a file, or its content: never both. */
export async function fileFields(
  field: string,
  path: string,
  embeds: boolean,
  configFile: string,
): Promise<JsonObject> {
  if (!embeds || path === "") return { [field]: path && storedPath(path, configFile), [`${field}-data`]: "" };
  const content = await readFile(path).catch(() => {
    throw new UsageError(`could not stat ${field} file ${path}: stat ${path}: no such file or directory`);
  });
  return { [field]: "", [`${field}-data`]: content.toString("base64") };
}

/** Relative to the kubeconfig where the file lies beside or below it. */
function storedPath(path: string, configFile: string): string {
  const below = relative(dirname(configFile), resolve(path));
  return below.startsWith("..") ? resolve(path) : below;
}
