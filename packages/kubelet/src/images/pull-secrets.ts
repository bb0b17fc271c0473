/** Credentials for registries, from the pull secrets of a pod: the ones that fit an image, the most exact first. */
import type { Secret } from "@kubets/api/generated/types/core-v1";
import type { RegistryAuth } from "../runtime/runtime.ts";
import { repositoryOf } from "./image-name.ts";

interface DockerEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export function credentialsFor(image: string, secrets: readonly Secret[]): RegistryAuth[] {
  const repository = repositoryOf(image);
  const found: { match: string; auth: RegistryAuth }[] = [];
  for (const secret of secrets) {
    for (const [registry, entry] of Object.entries(entriesOf(secret))) {
      const match = registry
        .replace(/^https?:\/\//, "")
        .replace(/^index\.docker\.io/, "docker.io")
        .replace(/\/(v[12]\/?)?$/, "");
      if (fits(match, repository)) found.push({ match, auth: authOf(entry, match) });
    }
  }
  return found.sort((a, b) => b.match.length - a.match.length).map(({ auth }) => auth);
}

function entriesOf({ type, data }: Secret): Readonly<Record<string, DockerEntry>> {
  const parse = (base64: string | undefined): unknown => {
    try {
      return JSON.parse(Buffer.from(base64 ?? "", "base64").toString());
    } catch {
      return {};
    }
  };
  if (type === "kubernetes.io/dockerconfigjson")
    return ((parse(data?.[".dockerconfigjson"]) as { auths?: Record<string, DockerEntry> }) ?? {}).auths ?? {};
  return type === "kubernetes.io/dockercfg" ? ((parse(data?.[".dockercfg"]) as Record<string, DockerEntry>) ?? {}) : {};
}

function authOf(entry: DockerEntry, serverAddress: string): RegistryAuth {
  const [username = "", ...rest] = Buffer.from(entry.auth ?? "", "base64")
    .toString()
    .split(":");
  return {
    username: entry.username ?? username,
    password: entry.password ?? rest.join(":"),
    serverAddress,
    ...(entry.identitytoken && { identityToken: entry.identitytoken }),
    ...(entry.registrytoken && { registryToken: entry.registrytoken }),
  };
}

/** Labels of the host may be patterns (`*.example.org`); a path must be the beginning. */
function fits(match: string, repository: string): boolean {
  const [host = "", ...path] = match.split("/");
  const [repositoryHost = "", ...repositoryPath] = repository.split("/");
  if (path.some((part, i) => part !== repositoryPath[i])) return false;
  const [labels, wanted] = [repositoryHost.split("."), host.split(".")];
  return (
    labels.length === wanted.length &&
    wanted.every((part, i) => part === labels[i] || (part.includes("*") && glob(part).test(labels[i] as string)))
  );
}

const glob = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
