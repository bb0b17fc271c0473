import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import type { SessionStream, StreamHeaders, StreamSession } from "@kubets/wire/transport";
import type { Rest } from "../api/rest.ts";
import { LinePrefixer } from "./line-prefixer.ts";
import { exitCodeIn, runStreams } from "./run-streams.ts";

const failure = (code: number) =>
  JSON.stringify({
    kind: "Status",
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  });

/** The server's side of a command: what it answers on each stream. */
function server(answers: Partial<Record<StreamHeaders["streamtype"], string>>) {
  const asked: string[] = [];
  const streams = new Map<string, PassThrough>();
  const session: StreamSession = {
    protocol: "v5.channel.k8s.io",
    closed: new Promise(() => {}),
    onStream() {},
    open({ streamtype }) {
      const stream = new PassThrough();
      streams.set(streamtype, stream);
      if (streamtype !== "stdin" && streamtype !== "resize") stream.end(answers[streamtype] ?? "");
      return stream as unknown as SessionStream;
    },
    close() {},
    destroy() {},
  };
  const upgrade = async (path: string) => {
    asked.push(path);
    return session;
  };
  return { rest: { upgrade } as unknown as Rest, asked, streams };
}

const textOf = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? "";

describe("a command's streams", () => {
  it("carry output, errors and the exit code", async () => {
    const { rest, asked } = server({ stdout: "out", stderr: "err", error: failure(3) });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    assert.equal(await runStreams(rest, "/exec", { command: ["a", "b c"] }, { stdout, stderr }), 3);
    assert.deepEqual([textOf(stdout), textOf(stderr)], ["out", "err"]);
    assert.deepEqual(asked, ["/exec?command=a&command=b+c&stdout=true&stderr=true"]);
  });

  it("carry input and the terminal's size", async () => {
    const { rest, streams } = server({ error: '{"status":"Success"}' });
    const stdin = new PassThrough();
    stdin.end("typed");
    const terminal = Object.assign(new PassThrough(), { columns: 100, rows: 30 });
    assert.equal(await runStreams(rest, "/exec", {}, { stdin, stdout: new PassThrough(), terminal }), 0);
    assert.equal(textOf(streams.get("resize") as PassThrough), '{"Width":100,"Height":30}\n');
  });

  it("end with what the server says went wrong", () => {
    assert.equal(exitCodeIn(""), 0);
    assert.throws(() => exitCodeIn("", new Error("broken")), /broken/);
    assert.throws(() => exitCodeIn("not json"), /not json/);
    assert.throws(
      () => exitCodeIn('{"status":"Failure","reason":"InternalError","message":"no such program"}'),
      /no such program/,
    );
  });
});

it("each line has its prefix, also over several chunks", () => {
  const prefixer = new LinePrefixer("> ");
  const text = ["a\nb", "c\n", "\nd"].map((chunk) => prefixer.push(Buffer.from(chunk)).toString()).join("");
  assert.equal(text, "> a\n> bc\n> \n> d");
});
