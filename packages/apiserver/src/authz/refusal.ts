/** The words of a refusal, which clients show to people. */
import { forbidden, StatusError as Refusal, type StatusError } from "@kubets/machinery";
import type { AccessAttributes, Decision } from "./authorizer.ts";

export const isAllowed = ({ verdict }: Decision): boolean => verdict === "allow";

export function refusal(attributes: AccessAttributes, why: string | undefined): StatusError {
  const { user, verb, path } = attributes;
  const because = why ? `: ${why}` : "";
  if (!attributes.isResource)
    return new Refusal({
      code: 403,
      reason: "Forbidden",
      message: `forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}${because}`,
      details: {},
    });
  const { group, resource, subresource, namespace, name } = attributes;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : "at the cluster scope";
  return forbidden(
    { group, resource },
    name,
    `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}${because}`,
  );
}
