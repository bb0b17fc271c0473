import assert from "node:assert/strict";
import { test } from "node:test";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import { dayOf, INVALID_SINCE, judge } from "./plan.ts";

const DAY = 24 * 3_600_000;
const YEAR = 365 * DAY;
const BEGIN = Date.UTC(2024, 0, 1);
const at = (days: number) => BEGIN + days * DAY;
const secret = (labels: Record<string, string> = {}) =>
  ({ metadata: { creationTimestamp: "2023-01-01T00:00:00Z", labels } }) as unknown as Secret;
const verdict = (labels: Record<string, string>, days: number) => judge(secret(labels), dayOf(BEGIN), YEAR, at(days));

test("a token that nobody used for a year is marked, and goes after another year", () => {
  assert.deepEqual(verdict({}, 100), { kind: "wait", untilMs: at(366) }, "nothing is known before uses are noted");
  assert.deepEqual(verdict({}, 367), { kind: "mark" });
  const used = { "kubernetes.io/legacy-token-last-used": dayOf(at(300)) };
  assert.deepEqual(verdict(used, 400), { kind: "wait", untilMs: at(666) });
  const marked = { [INVALID_SINCE]: dayOf(at(400)) };
  assert.deepEqual(verdict(marked, 500), { kind: "wait", untilMs: at(766) });
  assert.deepEqual(verdict(marked, 767), { kind: "delete" });
  assert.deepEqual(verdict({ ...marked, ...used }, 500).kind, "wait", "used again after it was marked: it stays");
});
