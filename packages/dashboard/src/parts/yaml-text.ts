/** YAML that the server wrote, as people want to read it. */

/** Who set which field is left out; when it is sent back without, the server keeps what it knows. */
export function withoutManagedFields(text: string): string {
  const kept: string[] = [];
  let isInside = false;
  for (const line of text.split("\n")) {
    // A list may stand as deep as the key above it.
    if (isInside) isInside = /^( {2}- | {3,})/.test(line);
    if (line === "  managedFields:") isInside = true;
    if (!isInside) kept.push(line);
  }
  return kept.join("\n");
}
