/** A custom kind for tests: Things of example.com, of no namespace. */
import { setImmediate } from "node:timers/promises";
import type { CustomResourceDefinition, JSONSchemaProps } from "@kubets/api/generated/types/apiextensions-v1";
import type { ApiServer } from "../api-server.ts";

export const definitionOfThings = (schema: JSONSchemaProps = {}) =>
  ({
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Cluster",
      names: { plural: "things", kind: "Thing" },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", ...schema } } },
      ],
    },
  }) as unknown as CustomResourceDefinition;

/** A definition is answered before what it defines is served. */
export async function untilServed({ context }: Pick<ApiServer, "context">, plural = "things"): Promise<void> {
  while (!context.served.get("example.com", "v1", plural)) await setImmediate();
}
