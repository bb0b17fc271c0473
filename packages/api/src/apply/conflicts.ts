/** Fields of an applied configuration that others own, and the answer that names them. */
import { StatusError } from "@kubets/machinery";
import { type FieldSet, pathsOf } from "./field-set.ts";
import type { Owner } from "./managers.ts";

export interface Conflict {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const all = conflicts
    .map(({ owner, fields }) => ({ owner: ownerText(owner), paths: pathsOf(fields) }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1));
  const count = all.reduce((sum, { paths }) => sum + paths.length, 0);
  const list =
    count === 1
      ? `conflict with ${all[0]?.owner}: ${all[0]?.paths[0]}`
      : all
          .map(({ owner, paths }) => [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)].join("\n"))
          .join("\n");
  return new StatusError({
    code: 409,
    reason: "Conflict",
    message: `Apply failed with ${count} conflict${count === 1 ? "" : "s"}: ${list}`,
    details: {
      causes: all.flatMap(({ owner, paths }) =>
        paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${owner}`, field })),
      ),
    },
  });
}

function ownerText({ manager, operation, subresource, apiVersion }: Owner): string {
  let text = JSON.stringify(manager);
  if (subresource) text += ` with subresource ${JSON.stringify(subresource)}`;
  return operation === "Update" ? `${text} using ${apiVersion}` : text;
}
