import assert from "node:assert/strict";
import { test } from "node:test";
import { labelSelectorOf, parseLabelSelector } from "@kubets/machinery/label-selector";
import { selectorText } from "./selector-text.ts";

test("a selector is said in the way in which the server reads it", () => {
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [
      { key: "tier", operator: "In", values: ["a", "b"] },
      { key: "env", operator: "NotIn", values: ["test"] },
      { key: "old", operator: "DoesNotExist" },
      { key: "new", operator: "Exists" },
    ],
  };
  const text = selectorText(selector);
  assert.equal(text, "app=web,tier in (a,b),env notin (test),!old,new");
  assert.deepEqual(parseLabelSelector(text).requirements, labelSelectorOf(selector).requirements);
  assert.equal(selectorText({}), "");
});
