/** Credentials for registries, from the pull secrets of a pod or a file of the node: the ones that fit an image, the most exact first. */
import type { Secret } from "@kubets/api/generated/types/core-v1";
import type { RegistryAuth } from "../runtime/runtime.ts";
import { repositoryOf } from "./image-name.ts";

export interface DockerEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export type DockerEntries = Readonly<Record<string, DockerEntry>>;

export const credentialsFor = (image: string, secrets: readonly Secret[]): RegistryAuth[] =>
  credentialsAmong(image, secrets.map(entriesOf));

export function credentialsAmong(image: string, all: readonly DockerEntries[]): RegistryAuth[] {
  const repository = repositoryOf(image);
  const found: { match: string; auth: RegistryAuth }[] = [];
  for (const entries of all) {
    for (const [registry, entry] of Object.entries(entries)) {
      const match = registry
        .replace(/^https?:\/\//, "")
        .replace(/^index\.docker\.io/, "docker.io")
        .replace(/\/(v[12]\/?)?$/, "");
      if (matchesImage(match, repository)) found.push({ match, auth: authOf(entry) });
    }
  }
  return found.sort((a, b) => b.match.length - a.match.length).map(({ auth }) => auth);
}

/** The `config.json` that Docker leaves behind; text that is no such file says nothing. */
export const dockerConfigEntries = (text: string): DockerEntries =>
  (parseObject(text) as { auths?: DockerEntries }).auths ?? {};

function parseObject(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function entriesOf({ type, data }: Secret): DockerEntries {
  const text = (key: string) => Buffer.from(data?.[key] ?? "", "base64").toString();
  if (type === "kubernetes.io/dockerconfigjson") return dockerConfigEntries(text(".dockerconfigjson"));
  return type === "kubernetes.io/dockercfg" ? (parseObject(text(".dockercfg")) as DockerEntries) : {};
}

/** Without the address of a server: runtimes want a URL there, and these were chosen for the image already. */
function authOf(entry: DockerEntry): RegistryAuth {
  const [username = "", ...rest] = Buffer.from(entry.auth ?? "", "base64")
    .toString()
    .split(":");
  return {
    username: entry.username ?? username,
    password: entry.password ?? rest.join(":"),
    ...(entry.identitytoken && { identityToken: entry.identitytoken }),
    ...(entry.registrytoken && { registryToken: entry.registrytoken }),
  };
}

/** Labels of the host may be patterns (`*.example.org`); a path must be the beginning. */
export function matchesImage(match: string, repository: string): boolean {
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
