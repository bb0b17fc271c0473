import assert from "node:assert/strict";
import { it } from "node:test";
import { createKubectlCommand } from "../command.ts";
import { flagWords, questionOf, verbWords } from "./question.ts";

const root = createKubectlCommand();
const asked = (...words: string[]) => {
  const { path, args, flags, word, of, flag } = questionOf(root, words);
  return { path, args, flags, word, of, ...(flag && { flag }) };
};

it("what an unfinished command line lacks is told", () => {
  assert.deepEqual(asked("ro"), { path: "", args: [], flags: {}, word: "ro", of: "verb" });
  assert.deepEqual(asked("rollout", "st"), { path: "rollout", args: [], flags: {}, word: "st", of: "verb" });
  assert.deepEqual(asked("get", "pods", "-n", "kube-system", "co"), {
    path: "get",
    args: ["pods"],
    flags: { namespace: "kube-system" },
    word: "co",
    of: "argument",
  });
  assert.deepEqual(asked("get", "-A", "pods", "-o", "j"), {
    path: "get",
    args: ["pods"],
    flags: { "all-namespaces": "true" },
    word: "j",
    of: "value",
    flag: "output",
  });
  assert.deepEqual(asked("--context=a", "get", "--output=y"), {
    path: "get",
    args: [],
    flags: { context: "a" },
    word: "y",
    of: "value",
    flag: "output",
  });
});

it("verbs and flags that are hidden are not offered", () => {
  const question = questionOf(root, [""]);
  assert.ok(verbWords(question).includes("get"));
  assert.ok(!verbWords(question).some((word) => word.startsWith("__")));
  assert.ok(flagWords(questionOf(root, ["get", "-"])).includes("--output"));
});
