import assert from "node:assert/strict";
import { test } from "node:test";
import { importedPackages } from "./imports.ts";

test("imports of other packages are found in every form", () => {
  const source = `import { a } from "@kubets/wire/http";\nimport type { B } from "@kubets/api";\nconst c = await import("@kubets/storage/etcd");\nimport { d } from "kubets";\nimport e from "node:fs";`;
  assert.deepEqual([...importedPackages(source)].toSorted(), ["api", "kubets", "storage", "wire"]);
});
