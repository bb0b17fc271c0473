import assert from "node:assert/strict";
import { test } from "node:test";
import { imageNameError, repositoryOf, withTag } from "./image-name.ts";
import { credentialsFor } from "./pull-secrets.ts";

test("names of images", () => {
  for (const good of [
    "busybox",
    "a/b:1",
    "localhost:5000/a",
    "example.com/a/b@sha256:".padEnd(87, "0"),
    "a.b.c/d_e__f-g:V1.0",
  ])
    assert.equal(imageNameError(good), undefined, good);
  assert.equal(
    imageNameError("Not/A:Valid:Name"),
    `couldn't parse image name "Not/A:Valid:Name": invalid reference format: repository name (A) must be lowercase`,
  );
  assert.ok(imageNameError("a b"));
  assert.equal(withTag("a"), "a:latest");
  assert.equal(withTag("localhost:5000/a"), "localhost:5000/a:latest");
  assert.equal(withTag("a:1"), "a:1");
  assert.equal(repositoryOf("busybox:1"), "docker.io/library/busybox");
  assert.equal(repositoryOf("a/b"), "docker.io/a/b");
});

test("credentials by registry and path", () => {
  const auths = {
    "*.example.com": { username: "wide", password: "p" },
    "r.example.com/team": { auth: Buffer.from("exact:q:r").toString("base64") },
    "other.com": {},
  };
  const secret = {
    metadata: { uid: "1", namespace: "default", name: "pull" },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
  };
  const found = credentialsFor("r.example.com/team/app:1", [secret as never]);
  assert.deepEqual(
    found.map(({ auth }) => [auth.username, auth.password]),
    [
      ["exact", "q:r"],
      ["wide", "p"],
    ],
  );
  assert.deepEqual(
    credentialsFor("r.example.com/else:1", [secret as never]).map(({ auth }) => auth.username),
    ["wide"],
  );
  assert.deepEqual(credentialsFor("busybox", [secret as never]), []);
});
