/** `kubets kubectl` as a program of its own, for what lives as long as it does: servers, shells, plugins. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");

export interface OwnRun {
  readonly kubeconfig: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** The command line that a shell would need, as words. */
export const OWN_KUBECTL: readonly string[] = [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  MAIN,
  "kubectl",
];

export function startOwn(args: readonly string[], { kubeconfig, env }: OwnRun) {
  const [program = "", ...words] = OWN_KUBECTL;
  return spawn(program, [...words, ...args], { env: { ...process.env, KUBECONFIG: kubeconfig, ...env } });
}

export async function runOwn(args: readonly string[], options: OwnRun) {
  const child = startOwn(args, options);
  let [output, error] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (error += text));
  child.stdin.on("error", () => {}).end(options.input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, output, error };
}
