import assert from "node:assert/strict";
import { test } from "node:test";
import { invalidValue, required } from "./field-error.ts";
import * as status from "./status-error.ts";

const pods = { group: "", resource: "pods" };
const roles = { group: "rbac.authorization.k8s.io", resource: "roles" };

test("each factory gives the original's code, reason, message and details", () => {
  const cases: Array<[status.StatusError, number, string, string, status.StatusDetails | undefined]> = [
    [status.notFound(pods, "a"), 404, "NotFound", 'pods "a" not found', { name: "a", kind: "pods" }],
    [
      status.notFound(roles, "r"),
      404,
      "NotFound",
      'roles.rbac.authorization.k8s.io "r" not found',
      { name: "r", group: "rbac.authorization.k8s.io", kind: "roles" },
    ],
    [status.alreadyExists(pods, "a"), 409, "AlreadyExists", 'pods "a" already exists', { name: "a", kind: "pods" }],
    [
      status.conflict(
        pods,
        "a",
        "the object has been modified; please apply your changes to the latest version and try again",
      ),
      409,
      "Conflict",
      'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
      { name: "a", kind: "pods" },
    ],
    [
      status.forbidden(pods, "", 'User "alice" cannot list'),
      403,
      "Forbidden",
      'pods is forbidden: User "alice" cannot list',
      { kind: "pods" },
    ],
    [status.forbidden(pods, "a", "no"), 403, "Forbidden", 'pods "a" is forbidden: no', { name: "a", kind: "pods" }],
    [status.unauthorized(), 401, "Unauthorized", "Unauthorized", undefined],
    [status.pathNotFound(), 404, "NotFound", "the server could not find the requested resource", {}],
    [status.tooManyRequests("wait", 10), 429, "TooManyRequests", "wait", { retryAfterSeconds: 10 }],
    [
      status.requestEntityTooLarge("Request entity too large: limit is 3145728"),
      413,
      "RequestEntityTooLarge",
      "Request entity too large: limit is 3145728",
      undefined,
    ],
  ];
  for (const [error, code, reason, message, details] of cases) {
    assert.equal(error.code, code);
    assert.equal(error.reason, reason);
    assert.equal(error.message, message);
    assert.equal(error.status.message, message);
    assert.deepEqual(error.status.details, details);
    assert.equal(error.status.status, "Failure");
  }
  assert.ok(status.isReason(status.notFound(pods, "a"), "NotFound"));
  assert.ok(!status.isReason(new Error("x"), "NotFound"));
});

test("a status is written in the original's order", () =>
  assert.equal(
    JSON.stringify(status.notFound(pods, "a").status),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \\"a\\" not found","reason":"NotFound","details":{"name":"a","kind":"pods"},"code":404}',
  ));

test("invalid: one cause alone, several in brackets, each text once", () => {
  const kind = { group: "apps", kind: "Deployment" };
  const one = status.invalid(kind, "a", [required("spec.selector")]);
  assert.equal(one.message, 'Deployment.apps "a" is invalid: spec.selector: Required value');
  const twice = status.invalid(kind, "a", [required("b"), required("b"), invalidValue("c", 1, "no")]);
  assert.equal(twice.message, 'Deployment.apps "a" is invalid: [b: Required value, c: Invalid value: 1: no]');
  assert.deepEqual(twice.status.details, {
    name: "a",
    group: "apps",
    kind: "Deployment",
    causes: [
      { reason: "FieldValueRequired", message: "Required value", field: "b" },
      { reason: "FieldValueRequired", message: "Required value", field: "b" },
      { reason: "FieldValueInvalid", message: "Invalid value: 1: no", field: "c" },
    ],
  });
});

test("an internal error keeps its cause", () => {
  const cause = new Error("boom");
  const error = status.internalError(cause);
  assert.equal(error.message, "Internal error occurred: boom");
  assert.equal(error.cause, cause);
});

test("of very many errors of large values the first are told, and how many more there are", () => {
  const errors = Array.from({ length: 100 }, (_, i) => invalidValue(`spec.a[${i}]`, "x".repeat(10_000), "is wrong"));
  const told = status.invalid({ group: "", kind: "Thing" }, "a", errors);
  assert.equal(told.status.details?.causes?.length, 7);
  assert.match(told.status.message ?? "", /spec\.a\[6\].*, and 93 more errors\]$/);
});
