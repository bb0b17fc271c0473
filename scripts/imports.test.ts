import assert from "node:assert/strict";
import { test } from "node:test";
import { importedPackages, importsPlainHttp } from "./imports.ts";

test("imports of other packages are found in every form", () => {
  const source = `import { a } from "@kubets/wire/http";\nimport type { B } from "@kubets/api";\nconst c = await import("@kubets/storage/etcd");\nimport { d } from "kubets";\nimport e from "node:fs";`;
  assert.deepEqual([...importedPackages(source)].toSorted(), ["api", "kubets", "storage", "wire"]);
});

test("values of node:http are told from its types, and from node:http2", () => {
  assert.ok(importsPlainHttp(`import { a } from "node:fs";\nimport {\n  get,\n  type Server,\n} from "node:http";`));
  assert.ok(importsPlainHttp(`import http from "node:http";`));
  assert.ok(!importsPlainHttp(`import type { Server } from "node:http";\nimport { connect } from "node:http2";`));
});
