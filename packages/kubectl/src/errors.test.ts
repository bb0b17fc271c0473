import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notFound, StatusError, unauthorized } from "@kubets/machinery/status-error";
import { TransportError } from "@kubets/wire/transport";
import { errorText, SeveralErrors, UsageError, whileDoing } from "./errors.ts";

const missing = notFound({ group: "", resource: "pods" }, "x");
const invalid = (...fields: string[]) =>
  new StatusError({
    code: 422,
    reason: "Invalid",
    message: "no",
    details: { kind: "Pod", name: "x", causes: fields.map((field) => ({ field, message: "Required value" })) },
  });

const CASES: readonly (readonly [Error, string])[] = [
  [missing, 'Error from server (NotFound): pods "x" not found'],
  [whileDoing(missing, "when creating"), 'Error from server (NotFound): when creating: pods "x" not found'],
  [unauthorized(), "error: You must be logged in to the server (Unauthorized)"],
  [invalid("spec.a"), 'The Pod "x" is invalid: spec.a: Required value'],
  [invalid("spec.a", "spec.b"), 'The Pod "x" is invalid: \n* spec.a: Required value\n* spec.b: Required value'],
  [new UsageError("wrong"), "error: wrong"],
  [new SeveralErrors([missing, new UsageError("b")]), 'Error from server (NotFound): pods "x" not found\nerror: b'],
  [
    new TransportError("unreachable", "https://127.0.0.1:1 cannot be reached: no", { cause: { code: "ECONNREFUSED" } }),
    "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
  ],
];

describe("errors are told as kubectl tells them", () => {
  for (const [error, text] of CASES) it(text.split("\n")[0] as string, () => assert.equal(errorText(error), text));
});
