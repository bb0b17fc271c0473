import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Exchange } from "@kubets/wire/http";
import { onAnswer } from "./on-answer.ts";

const PACKAGES = join(import.meta.dirname, "..", "..", "..");
/** Parts that every request passes, or every look at a node and its pods. */
const ROADS = ["apiserver", "wire", "ingress", "kubelet"];
const FUNCTION_IN_FIELD =
  /(?:\.#?\w+|\])\s=\s(?:async\s)?(?:function\b|\w+\s=>|\([^()]*(?:\([^()]*\)[^()]*)*\)(?::[^=;]+)?\s=>).*/g;

describe("what is told of an answer", () => {
  it("is told to all, in the order in which they asked", () => {
    const exchange: Pick<Exchange, "onAnswer"> = { onAnswer: undefined };
    const told: unknown[] = [];
    for (const who of ["first", "second", "third"]) onAnswer(exchange, (...answer) => told.push([who, ...answer]));
    exchange.onAnswer?.(200, 7);
    assert.deepEqual(told, [
      ["first", 200, 7],
      ["second", 200, 7],
      ["third", 200, 7],
    ]);
  });

  it("is no function written right behind the = of a field, which would keep the whole request", () => {
    const found = ROADS.flatMap((name) => {
      const folder = join(PACKAGES, name, "src");
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
      return files
        .filter((file) => file.endsWith(".ts") && !/\.(test|suite)\.ts$|testing\//.test(file))
        .flatMap((file) =>
          [...readFileSync(join(folder, file), "utf8").matchAll(FUNCTION_IN_FIELD)].map(
            ([text]) => `${name}/src/${file}: ${text}`,
          ),
        );
    });
    assert.deepEqual(found, [], "name the function first, and put it into the field by its name");
  });
});
