/** What a connection asks for, as the options object that admission is shown: read off the query. */
import type { PlainObject } from "@kubets/api/meta";
import type { ApiCall } from "../api-call.ts";
import { isTrue } from "../request-info.ts";

const STREAMS = ["stdin", "stdout", "stderr", "tty"];

export function connectOptions({ info, subresource }: ApiCall): PlainObject {
  const { query, rest } = info;
  const kind = subresource?.type === "connect" ? { kind: subresource.kind.kind, apiVersion: "v1" } : {};
  switch (info.subresource) {
    case "exec":
    case "attach": {
      const container = query.get("container");
      return {
        ...kind,
        ...Object.fromEntries(STREAMS.filter((name) => isTrue(query.get(name))).map((name) => [name, true])),
        ...(container && { container }),
        ...(info.subresource === "exec" && { command: query.getAll("command") }),
      };
    }
    case "portforward":
      return {
        ...kind,
        ...(query.has("ports") && { ports: query.getAll("ports").flatMap((p) => p.split(",").map(Number)) }),
      };
    default:
      return { ...kind, ...(rest && { path: rest }) };
  }
}
