/**
 * The path of a request as rules are compared with it: decoded, without dots and doubled slashes.
 * Holds: two spellings of one path meet the same rule, so that what guards a path cannot be walked around.
 */

/** Undefined when it is malformed, or leads out of the root. */
export function comparablePath(target: string): string | undefined {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  if (!path.includes("%") && !path.includes("//") && !path.includes("/.")) return path;
  return plain(path);
}

export function queryOf(target: string): string {
  const question = target.indexOf("?");
  return question < 0 ? "" : target.slice(question);
}

function plain(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = path.includes("%") ? decodeURIComponent(path) : path;
  } catch {
    return undefined;
  }
  if (decoded.includes("\0")) return undefined;
  const out: string[] = [];
  const elements = decoded.split("/").slice(1);
  for (const element of elements) {
    if (element === "..") {
      if (out.pop() === undefined) return undefined;
    } else if (element !== "" && element !== ".") out.push(element);
  }
  const last = elements.at(-1);
  const isFolder = last === "" || last === "." || last === "..";
  return `/${out.join("/")}${isFolder && out.length > 0 ? "/" : ""}`;
}

/** A path as it may stand in a request line. */
export const encodedPath = (path: string): string => encodeURI(path).replace(/[?#]/g, encodeURIComponent);
