import assert from "node:assert/strict";
import { test } from "node:test";
import { endText } from "../parts/shell-tab.ts";
import { endOf } from "./channels.ts";

const end = (status: object) => endOf(JSON.stringify(status));

test("how a program ended", () => {
  assert.deepEqual(end({ status: "Success" }), { code: 0 });
  const causes = [{ reason: "ExitCode", message: "137" }];
  assert.deepEqual(end({ status: "Failure", reason: "NonZeroExitCode", details: { causes } }), { code: 137 });
  const { code, failure } = end({
    status: "Failure",
    reason: "InternalError",
    code: 500,
    message: "no such container",
  });
  assert.equal(code, undefined);
  assert.equal(failure?.message, "no such container");
});

test("a container without a shell is told from a shell that failed", () => {
  assert.equal(endText({ code: 4 }), "The shell ended with exit code 4.");
  const message = 'exec: "/bin/sh": stat /bin/sh: no such file or directory';
  assert.equal(endText(end({ status: "Failure", message })), `This container has no shell (/bin/sh): ${message}`);
});
