/** Names of images as the runtime keeps them: with a registry and a tag. */
const NAME = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][\w.-]{0,127}$/;

/** "web" is "docker.io/library/web:latest", as for every engine. Throws for what is no name. */
export function fullReference(name: string): string {
  const [head = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(head) || head === "localhost");
  const registry = hasRegistry ? head : "docker.io";
  const path = hasRegistry ? rest : rest.length > 0 ? [head, ...rest] : ["library", head];
  const last = path.at(-1) ?? "";
  const [base = "", tag = "latest"] = last.split(":");
  const parts = [...path.slice(0, -1), base];
  if (!parts.every((part) => NAME.test(part)) || !TAG.test(tag))
    throw new Error(
      `${JSON.stringify(name)} is not the name of an image: lower-case letters, digits and dashes, with a tag after a colon, as "web:1"`,
    );
  return `${registry}/${parts.join("/")}:${tag}`;
}
