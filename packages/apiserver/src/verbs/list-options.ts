/** The parameters of lists and watches, with the rules between them. */
import { badRequest, type FieldError, forbiddenField, invalid, notSupported } from "@kubets/machinery";
import { isTrue, queryInteger } from "../request-info.ts";
import { parseListRevision } from "./revision.ts";

export interface ListParameters {
  /** Undefined: the newest. 0: whatever is at hand. */
  readonly revision: number | undefined;
  readonly match: "Exact" | "NotOlderThan" | undefined;
  readonly limit: number | undefined;
  readonly continue: string | undefined;
  readonly sendInitialEvents: boolean | undefined;
  readonly allowBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

export function validateListOptions(query: URLSearchParams, verb: "list" | "watch"): ListParameters {
  const resourceVersion = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const token = query.get("continue") ?? "";
  const initial = query.get("sendInitialEvents");
  const errors: FieldError[] = [];
  if (match !== "" && !(verb === "watch" && initial !== null)) {
    if (verb === "watch") {
      errors.push(
        forbiddenField(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
      );
      if (match !== "NotOlderThan") errors.push(notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
    } else if (resourceVersion === "")
      errors.push(
        forbiddenField("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"),
      );
    if (verb === "list" && token !== "")
      errors.push(
        forbiddenField("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"),
      );
    if (verb === "list" && match !== "Exact" && match !== "NotOlderThan")
      errors.push(notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan"]));
    if (verb === "list" && match === "Exact" && resourceVersion === "0")
      errors.push(
        forbiddenField("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      );
  }
  if (initial !== null) {
    if (verb === "list") errors.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    else {
      if (match !== "NotOlderThan")
        errors.push(
          forbiddenField(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
          ),
        );
      if (match !== "" && match !== "NotOlderThan")
        errors.push(notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
    }
  }
  if (verb === "watch" && token !== "")
    errors.push(forbiddenField("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
  if (errors.length) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
  const revision = resourceVersion === "" ? undefined : parseListRevision(resourceVersion);
  if (token !== "" && revision) throw badRequest("specifying resource version is not allowed when using continue");
  const limit = queryInteger(query, "limit");
  return {
    revision,
    match: match === "" ? undefined : (match as "Exact" | "NotOlderThan"),
    limit: limit && limit > 0 ? limit : undefined,
    continue: token === "" ? undefined : token,
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    timeoutSeconds: queryInteger(query, "timeoutSeconds"),
  };
}
