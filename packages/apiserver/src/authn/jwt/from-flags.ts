/** The one issuer that the --oidc-... flags describe. */
import { readFileSync } from "node:fs";
import { ConfigError } from "@kubets/machinery/config-file";
import type { FlagValues } from "@kubets/machinery/flags";
import type { authenticationFlags } from "../flags.ts";
import type { IssuerOptions } from "./issuer.ts";
import { ALGORITHMS } from "./signature.ts";

type Flags = FlagValues<typeof authenticationFlags>;

export function issuerFromFlags(flags: Flags): IssuerOptions | undefined {
  const url = flags["oidc-issuer-url"];
  const client = flags["oidc-client-id"];
  if (!url && !client) return undefined;
  if (!url || !client) throw new ConfigError("--oidc-issuer-url and --oidc-client-id must be given together");
  if (!url.startsWith("https://")) throw new ConfigError(`--oidc-issuer-url: ${url} must use https`);
  for (const algorithm of flags["oidc-signing-algs"])
    if (!Object.hasOwn(ALGORITHMS, algorithm))
      throw new ConfigError(`--oidc-signing-algs: ${algorithm} is not one of ${Object.keys(ALGORITHMS).join(", ")}`);
  const groups = flags["oidc-groups-claim"];
  return {
    url,
    ...(flags["oidc-ca-file"] && { ca: readCa(flags["oidc-ca-file"]) }),
    audiences: [client],
    algorithms: flags["oidc-signing-algs"],
    username: { claim: flags["oidc-username-claim"], prefix: usernamePrefix(flags) },
    ...(groups && { groups: { claim: groups, prefix: flags["oidc-groups-prefix"] } }),
    required: flags["oidc-required-claim"].map(requiredClaim),
  };
}

/** Without a prefix, names of different issuers could be the same; addresses are told apart already. */
function usernamePrefix(flags: Flags): string {
  const prefix = flags["oidc-username-prefix"];
  if (prefix === "-") return "";
  return prefix || (flags["oidc-username-claim"] === "email" ? "" : `${flags["oidc-issuer-url"]}#`);
}

function requiredClaim(text: string): { claim: string; value: string } {
  const cut = text.indexOf("=");
  if (cut <= 0) throw new ConfigError(`--oidc-required-claim: ${JSON.stringify(text)} is not claim=value`);
  return { claim: text.slice(0, cut), value: text.slice(cut + 1) };
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`--oidc-ca-file: ${path} cannot be read: ${(error as Error).message}`);
  }
}
