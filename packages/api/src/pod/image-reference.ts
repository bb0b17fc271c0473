/** The tag of an image's name. What is no image name has none. */
const DOMAIN =
  "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?";
const PATH_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?${PATH_PART}(?:/${PATH_PART})*(?::([\\w][\\w.-]{0,127}))?(?:@(${DIGEST}))?$`,
);

/** "latest" where neither tag nor digest is said. */
export function imageTag(image: string): string | undefined {
  const match = REFERENCE.exec(image);
  if (!match || /^[0-9a-f]{64}$/.test(image)) return undefined;
  const [, tag, digest] = match;
  return tag ?? (digest ? undefined : "latest");
}

/** How often an image is pulled when nobody says: always where its tag moves. */
export const defaultPullPolicy = (image: string | undefined): string =>
  imageTag(image ?? "") === "latest" ? "Always" : "IfNotPresent";
