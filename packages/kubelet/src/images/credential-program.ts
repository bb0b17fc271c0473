/** Asks a program for credentials: a CredentialProviderRequest on its standard input, the answer on its standard output, within a minute. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { AskProvider, CredentialAnswer } from "./credential-providers.ts";

const TIMEOUT_MS = 60_000;

export const credentialProgram =
  (folder: string): AskProvider =>
  async ({ name, apiVersion, args, env }, request) => {
    const own = Object.fromEntries(env.map((each) => [each.name, each.value]));
    const asked = JSON.stringify({ kind: "CredentialProviderRequest", apiVersion, ...request });
    const answer = parse(await run(join(folder, name), args, { ...process.env, ...own }, asked));
    if (answer.kind !== "CredentialProviderResponse" || answer.apiVersion !== apiVersion)
      throw new Error(
        `${name} answered with ${answer.kind ?? "no kind"} of ${answer.apiVersion ?? "no version"}; CredentialProviderResponse of ${apiVersion} is wanted`,
      );
    return answer;
  };

type Answer = CredentialAnswer & { readonly kind?: string; readonly apiVersion?: string };

const parse = (text: string): Answer => JSON.parse(text) as Answer;

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ended with ${code ?? signal}: ${err.trim().slice(-500)}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
