import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { CustomResourceDefinition } from "../generated/types/apiextensions-v1.ts";
import type { Schema } from "../structural/schema.ts";
import { customDefinition } from "./definition.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function parsed(): CustomResourceDefinition {
  const properties = { spec: { type: "object", properties: { size: { type: "integer" } } } };
  return {
    metadata: { name: "boats.harbour.example" },
    spec: {
      group: "harbour.example",
      scope: "Namespaced",
      names: { plural: "boats", kind: "Boat" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties } },
          subresources: { status: {}, scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" } },
          selectableFields: [{ jsonPath: ".spec.size" }],
          additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
        },
      ],
    },
    status: { acceptedNames: { plural: "boats", kind: "Boat" } },
  } as unknown as CustomResourceDefinition;
}

test("what serves a kind does not hold the parsed schema, which a thousand kinds could not afford", async () => {
  const schemaOf = (crd: CustomResourceDefinition) => crd.spec.versions[0]?.schema?.openAPIV3Schema as Schema;
  const schema = () => schemaOf(parsed());
  let held: WeakRef<Schema> | undefined;
  const made = (() => {
    const crd = parsed();
    held = new WeakRef(schemaOf(crd));
    const [version] = crd.spec.versions;
    assert.ok(version);
    return customDefinition({ crd, version, schema, schemaId: "one", reads: true });
  })();
  await new Promise(setImmediate);
  collectGarbage();
  assert.equal(held?.deref(), undefined);
  assert.equal((made.openApiSchema as Schema).type, "object");
});
