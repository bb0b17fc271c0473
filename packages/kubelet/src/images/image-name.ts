/** Names of images: the tag that is meant when none is given, and what is wrong with a name. */
const DOMAIN = /^(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9.-]+:[0-9]+|\[[0-9a-fA-F:]+\](?::[0-9]+)?)$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[\w][\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const LONGEST_NAME = 255;

/** What is wrong with the name, in the original's words; undefined for a good one. */
export function imageNameError(image: string): string | undefined {
  const problem = problemOf(image);
  return problem && `couldn't parse image name ${JSON.stringify(image)}: ${problem}`;
}

function problemOf(image: string): string | undefined {
  if (image === "") return "invalid reference format";
  const at = image.indexOf("@");
  if (at >= 0 && !DIGEST.test(image.slice(at + 1))) return "invalid reference format";
  const { name, tag } = splitTag(at >= 0 ? image.slice(0, at) : image);
  if (tag !== undefined && !TAG.test(tag)) return wrongName(name) ?? "invalid reference format";
  return wrongName(name);
}

function wrongName(name: string): string | undefined {
  const parts = name.split("/");
  const hasDomain =
    parts.length > 1 &&
    (DOMAIN.test(parts[0] as string) || (parts[0] as string) !== (parts[0] as string).toLowerCase());
  const path = hasDomain ? parts.slice(1) : parts;
  const repository = path.join("/");
  if (/[A-Z]/.test(repository))
    return `invalid reference format: repository name (${repository.split(":")[0]}) must be lowercase`;
  if (name.length > LONGEST_NAME) return "repository name must not be more than 255 characters";
  return path.every((part) => PATH.test(part)) ? undefined : "invalid reference format";
}

function splitTag(reference: string): { name: string; tag: string | undefined } {
  const colon = reference.lastIndexOf(":");
  return colon > reference.lastIndexOf("/")
    ? { name: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { name: reference, tag: undefined };
}

/** With `:latest` where neither tag nor digest is given. */
export const withTag = (image: string): string =>
  image.includes("@") || splitTag(image).tag !== undefined ? image : `${image}:latest`;

/** The registry and path without tag and digest, with the defaults that Docker gave: for finding credentials. */
export function repositoryOf(image: string): string {
  const { name } = splitTag(image.split("@")[0] as string);
  const parts = name.split("/");
  const first = parts[0] as string;
  if (parts.length > 1 && (first.includes(".") || first.includes(":") || first === "localhost")) return name;
  return parts.length === 1 ? `docker.io/library/${name}` : `docker.io/${name}`;
}
