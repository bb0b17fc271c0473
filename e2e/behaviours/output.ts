/** What containers say: of a pod that does one thing and ends, or of one that goes on. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { BehaviourContext } from "./context.ts";
import { container } from "./objects.ts";

export interface OnePod {
  /** The shell's script. */
  readonly script: string;
  readonly container?: object;
  readonly spec?: object;
  readonly metadata?: object;
}

/** A pod that runs the script in one container. */
export const scriptPod = (name: string, { script, container: more = {}, spec = {}, metadata = {} }: OnePod) => ({
  metadata: { name, ...metadata },
  spec: {
    terminationGracePeriodSeconds: 1,
    restartPolicy: "Never",
    containers: [container(script, more)],
    ...spec,
  },
});

export async function createPod(t: BehaviourContext, made: { metadata: object; spec: object }): Promise<Pod> {
  return await t.client.create(pods, { ...made, metadata: { namespace: t.namespace, ...made.metadata } });
}

/** Runs it to its success and gives the lines that it printed. */
export async function linesOf(t: BehaviourContext, one: OnePod, name = t.name("pod")): Promise<string[]> {
  await createPod(t, scriptPod(name, one));
  await t.until(pods, name, `pod ${name} to succeed`, (pod) => {
    if (pod?.status.phase === "Failed") throw new Error(`pod ${name} failed: ${JSON.stringify(pod.status)}`);
    return pod?.status.phase === "Succeeded";
  });
  return (await logOf(t, name)).trimEnd().split("\n");
}

export async function logOf(t: BehaviourContext, name: string, query = ""): Promise<string> {
  const { status, text } = await t.request("GET", `/api/v1/namespaces/${t.namespace}/pods/${name}/log${query}`);
  if (status !== 200) throw new Error(`the log of ${name} was answered with ${status}: ${text}`);
  return text;
}

/** Waits until a container has said it. */
export const untilSaid = (t: BehaviourContext, name: string, words: string | RegExp, query = ""): Promise<true> =>
  t.eventually(`${name} to say ${words}`, async () => {
    const text = await logOf(t, name, query).catch(() => "");
    return typeof words === "string" ? text.includes(words) && true : words.test(text) && true;
  });
