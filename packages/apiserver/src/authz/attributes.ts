/** What the authorizers are asked about a request. A list that is limited to one name is a question about that name. */
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { AccessAttributes } from "./authorizer.ts";

const BY_NAME = /^metadata\.name==?([^,=!]+)$/;

export function attributesOf(
  info: RequestInfo,
  user: User,
  { deadline }: Pick<CoreExchange, "deadline">,
): AccessAttributes {
  const { verb, name, isResource, namespace, group, version, resource, subresource, path } = info;
  const asked = { user, verb, isResource, namespace, group, version, resource, subresource, name, path, deadline };
  const fieldSelector =
    isResource &&
    (verb === "list" || verb === "watch" || verb === "deletecollection") &&
    info.query.get("fieldSelector");
  if (!fieldSelector) return asked;
  const named =
    name === "" &&
    verb !== "deletecollection" &&
    fieldSelector
      .split(",")
      .map((part) => BY_NAME.exec(part)?.[1])
      .find(Boolean);
  return { ...asked, fieldSelector, name: named || name };
}
