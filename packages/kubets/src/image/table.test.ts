import assert from "node:assert/strict";
import { test } from "node:test";
import { imageTable } from "./table.ts";

test("an image that several nodes have stands once", () => {
  const web = { id: "sha256:0123456789abcdef", repoTags: ["docker.io/library/web:1"], size: 12_345_678n };
  const bare = { id: "sha256:fedcba9876543210", repoTags: [], size: 999 };
  assert.equal(
    imageTable([
      { node: "a", images: [web, bare] },
      { node: "b", images: [web] },
    ]),
    [
      "IMAGE                     ID             SIZE     NODES",
      "<none>                    fedcba987654   999B     a",
      "docker.io/library/web:1   0123456789ab   12.3MB   a,b",
      "",
    ].join("\n"),
  );
});
