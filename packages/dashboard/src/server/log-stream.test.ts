import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "./failure.ts";
import { type LogQuestion, LogStream } from "./log-stream.ts";
import type { SomePod } from "./pod-containers.ts";
import type { Pieces } from "./server.ts";

const stamp = (second: number) => `2026-11-22T10:00:0${second}.000000000Z`;

function podWith(containerID: string, state: object): SomePod {
  const containerStatuses = [{ name: "main", containerID, state }];
  return { metadata: { namespace: "default", name: "web" }, status: { containerStatuses } } as unknown as SomePod;
}
const running = (containerID: string) => podWith(containerID, { running: {} });
const ended = (containerID: string) => podWith(containerID, { terminated: { exitCode: 1 } });
const waiting = (reason: string) => podWith("", { waiting: { reason } });

/** A stream over connections that the test answers. */
function opened(pod: SomePod, question: Partial<LogQuestion> = {}) {
  const asked: URLSearchParams[] = [];
  const answers: Pieces[] = [];
  const lines: string[] = [];
  const phases: string[] = [];
  const server = {
    pieces(path: string, _accept: string, answer: Pieces) {
      asked.push(new URL(path, "http://server").searchParams);
      answers.push(answer);
      return () => {};
    },
  };
  const asking = { container: "main", follow: true, previous: false, tail: 500, ...question };
  const stream = new LogStream(server, pod, asking, {
    onLines: (read) => lines.push(...read.map(({ text }) => text)),
    onState: ({ phase }) => phases.push(phase),
  });
  return { stream, asked, answers, lines, phases };
}

test("one that has not started is asked for again when its pod changes", (t) => {
  const { stream, asked, answers, phases } = opened(waiting("ContainerCreating"));
  t.after(() => stream.close());
  answers[0]?.onEnd(new Failure("waiting to start", 400));
  stream.podIs(waiting("ContainerCreating"));
  assert.equal(asked.length, 1);
  stream.podIs(running("a"));
  assert.equal(asked.length, 2);
  assert.equal(asked[1]?.get("tailLines"), "500");
  assert.deepEqual(phases, ["reading", "refused", "reading"]);
});

test("one that starts again goes on behind its last line, and says so", (t) => {
  const { stream, asked, answers, lines } = opened(running("a"));
  t.after(() => stream.close());
  answers[0]?.onText(`${stamp(1)} one\n${stamp(2)} two\n`);
  answers[0]?.onEnd();
  stream.podIs(ended("a"));
  assert.equal(asked[1]?.get("sinceTime"), stamp(2));
  assert.equal(asked[1]?.has("tailLines"), false);
  answers[1]?.onText(`${stamp(2)} two\n`);
  answers[1]?.onEnd();
  stream.podIs(running("b"));
  answers[2]?.onText(`${stamp(3)} three\n`);
  assert.deepEqual(lines, ["one", "two", "--- main started again ---", "three"]);
});

test("a connection that breaks is made again, and no line comes twice or in part", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { stream, answers, lines, phases } = opened(running("a"));
  t.after(() => stream.close());
  answers[0]?.onText(`${stamp(1)} one\n${stamp(2)} tw`);
  answers[0]?.onEnd(new Failure("the connection to the server broke off"));
  assert.equal(answers.length, 1);
  t.mock.timers.tick(1000);
  answers[1]?.onText(`${stamp(1)} one\n${stamp(2)} two\n${stamp(2)} two, too\n`);
  assert.deepEqual(lines, ["one", "two", "two, too"]);
  assert.deepEqual(phases, ["reading", "broken", "reading"]);
});

test("what is not followed is read once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const question of [{ follow: false }, { previous: true }]) {
    const { stream, asked, answers, lines } = opened(running("a"), question);
    answers[0]?.onText(`${stamp(1)} the only one`);
    answers[0]?.onEnd();
    t.mock.timers.tick(60_000);
    stream.podIs(ended("a"));
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.get("follow"), "false");
    assert.deepEqual(lines, ["the only one"]);
    stream.close();
  }
});
