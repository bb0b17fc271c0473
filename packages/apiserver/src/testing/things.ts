/** A custom kind for tests: Things of example.com, of no namespace. */
import type { CustomResourceDefinition, JSONSchemaProps } from "@kubets/api/generated/types/apiextensions-v1";

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
