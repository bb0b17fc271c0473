/** Credentials for registries and whose they are: from the pull secrets of a pod or a file of the node those that fit an image, the most exact first. */
import { createHash } from "node:crypto";
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

export type DockerEntries = Readonly<Record<string, DockerEntry>>;

/** Whose credentials they are: a secret's, those of a pod's service account, or, with neither, the node's. */
export interface CredentialSource {
  readonly secret?: ObjectId & { readonly credentialHash: string };
  readonly serviceAccount?: ObjectId;
}

interface ObjectId {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface PullCredential {
  readonly auth: RegistryAuth;
  readonly source: CredentialSource;
}

export interface Keyring {
  readonly entries: DockerEntries;
  readonly secret?: Secret;
  readonly serviceAccount?: ObjectId;
}

export const credentialsFor = (image: string, secrets: readonly Secret[]): PullCredential[] =>
  credentialsAmong(
    image,
    secrets.map((secret) => ({ entries: entriesOf(secret), secret })),
  );

export function credentialsAmong(image: string, keyrings: readonly Keyring[]): PullCredential[] {
  const repository = repositoryOf(image);
  const found: (PullCredential & { match: string })[] = [];
  for (const { entries, secret, serviceAccount } of keyrings) {
    for (const [registry, entry] of Object.entries(entries)) {
      const match = registry
        .replace(/^https?:\/\//, "")
        .replace(/^index\.docker\.io/, "docker.io")
        .replace(/\/(v[12]\/?)?$/, "");
      if (!matchesImage(match, repository)) continue;
      const auth = authOf(entry);
      const source = secret ? { secret: secretId(secret, auth) } : serviceAccount ? { serviceAccount } : {};
      found.push({ match, auth, source });
    }
  }
  return found.sort((a, b) => b.match.length - a.match.length).map(({ auth, source }) => ({ auth, source }));
}

const secretId = ({ metadata }: Secret, auth: RegistryAuth) => ({
  uid: metadata.uid,
  namespace: metadata.namespace,
  name: metadata.name,
  credentialHash: createHash("sha256").update(JSON.stringify(auth)).digest("hex"),
});

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
