/** The parameters that all writes have in common: dry run, field manager, field validation. */
import { validateManagerName } from "@kubets/api/metadata-checks";
import { badRequest, type FieldError, forbiddenField, invalid, notSupported, required } from "@kubets/machinery";
import type { ApiCall } from "../api-call.ts";
import { isTrue } from "../request-info.ts";

type WriteOptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

export function validateWriteOptions({ info: { query } }: ApiCall, kind: WriteOptionsKind, apply = false): void {
  if (query.size === 0 && !apply) return;
  const errors: FieldError[] = [...validateDryRun(query.getAll("dryRun"))];
  const force = query.get("force");
  if (kind === "PatchOptions") {
    if (apply && !query.get("fieldManager")) errors.push(required("fieldManager", "is required for apply patch"));
    if (!apply && force !== null && isTrue(force))
      errors.push(forbiddenField("force", "may not be specified for non-apply patch"));
  }
  errors.push(...validateManagerName(query.get("fieldManager") ?? "", "fieldManager"));
  const validation = query.get("fieldValidation") ?? "";
  if (!["", "Ignore", "Warn", "Strict"].includes(validation))
    errors.push(notSupported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"]));
  if (errors.length) throw invalid({ group: "meta.k8s.io", kind }, "", errors);
  if (force !== null && force !== "" && !/^(1|0|t|f|true|false)$/i.test(force))
    throw badRequest(`strconv.ParseBool: parsing "${force}": invalid syntax`);
}

export function validateDryRun(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [notSupported("dryRun", values, ["All"])];
}
