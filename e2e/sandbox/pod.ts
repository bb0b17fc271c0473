/** A pod of one demo container, run straight through the runtime's own interface. */
import { DEMO_IMAGE, type NodeSandbox } from "@kubets/sandbox";
import { RuntimeService } from "@kubets/wire/generated/cri";
import { grpcClient } from "@kubets/wire/grpc";

export interface TestPod {
  readonly address: string;
  exec(...command: string[]): Promise<string>;
  /** Ends the container by its stop signal; gives how long that took. */
  stop(): Promise<number>;
  remove(): Promise<void>;
}

export async function runPod(node: NodeSandbox, name: string): Promise<TestPod> {
  const client = grpcClient({ target: `unix://${node.containerdSocket}` });
  const config = {
    metadata: { name, uid: `uid-${name}`, namespace: "default", attempt: 0 },
    hostname: name,
    linux: { cgroupParent: `${node.cgroup}/kubepods` },
  };
  const { podSandboxId } = await client.unary(RuntimeService.runPodSandbox, { config });
  const { status } = await client.unary(RuntimeService.podSandboxStatus, { podSandboxId });
  const { containerId } = await client.unary(RuntimeService.createContainer, {
    podSandboxId,
    sandboxConfig: config,
    config: {
      metadata: { name: "demo", attempt: 0 },
      image: { image: DEMO_IMAGE },
      linux: { resources: { memoryLimitInBytes: 32n * 1024n * 1024n } },
    },
  });
  await client.unary(RuntimeService.startContainer, { containerId });
  return {
    address: status?.network?.ip ?? "",
    async exec(...cmd) {
      const { stdout, stderr, exitCode } = await client.unary(RuntimeService.execSync, {
        containerId,
        cmd,
        timeout: 10n,
      });
      if (exitCode !== 0)
        throw new Error(`${cmd.join(" ")} ended with ${exitCode}: ${Buffer.from(stderr)}${Buffer.from(stdout)}`);
      return Buffer.from(stdout).toString();
    },
    async stop() {
      const began = performance.now();
      await client.unary(RuntimeService.stopContainer, { containerId, timeout: 20n });
      return performance.now() - began;
    },
    async remove() {
      await client.unary(RuntimeService.stopPodSandbox, { podSandboxId });
      await client.unary(RuntimeService.removePodSandbox, { podSandboxId });
      client.close();
    },
  };
}
