/** Long texts of users that are nearly of a form are judged in a time that grows with them, and not with their square. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mutationEnvironment } from "./admissionregistration/expressions/environment.ts";
import { validateFieldRef } from "./pod/validate-env.ts";
import { urlErrors } from "./webhook-client.ts";

const MANY = 200_000;

test("references to fields", () => {
  const fieldPath = `${"['".repeat(MANY)}[`;
  const [error] = validateFieldRef({ apiVersion: "v1", fieldPath }, "ref", []);
  assert.equal(error?.field, "ref.fieldPath");
});

test("URLs of webhooks", () => {
  const url = `https://${":".repeat(MANY)}#A\n`;
  assert.deepEqual(
    urlErrors(url, "url").map(({ detail }) => detail?.split(";")[0]),
    ["fragments are not permitted in the URL"],
  );
});

test("expressions that name no object", () => {
  const environment = mutationEnvironment({}, "Object.".repeat(MANY));
  assert.equal(environment.compile("Object{}").ok, true);
});
