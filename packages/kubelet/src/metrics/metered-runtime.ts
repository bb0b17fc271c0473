/** A runtime whose calls are counted, by the names that the original has for them. */
import type { Clock } from "@kubets/machinery";
import type { Runtime } from "../runtime/runtime.ts";
import type { KubeletMetrics } from "./kubelet-metrics.ts";

const OPERATIONS: Readonly<Partial<Record<keyof Runtime, string>>> = {
  version: "version",
  status: "status",
  setPodCidr: "update_runtime_config",
  runSandbox: "run_podsandbox",
  stopSandbox: "stop_podsandbox",
  removeSandbox: "remove_podsandbox",
  listSandboxes: "list_podsandbox",
  sandboxStatus: "podsandbox_status",
  createContainer: "create_container",
  startContainer: "start_container",
  stopContainer: "stop_container",
  removeContainer: "remove_container",
  listContainers: "list_containers",
  containerStatus: "container_status",
  updateResources: "update_container",
  checkpointContainer: "checkpoint_container",
  reopenLog: "reopen_container_log",
  execSync: "exec_sync",
  exec: "exec",
  attach: "attach",
  portForward: "port_forward",
  imageStatus: "image_status",
  listImages: "list_images",
  pullImage: "pull_image",
  removeImage: "remove_image",
  filesystems: "image_fs_info",
  containerStats: "list_container_stats",
};

type Call = (...args: unknown[]) => Promise<unknown>;

export function meteredRuntime(runtime: Runtime, metrics: KubeletMetrics, clock: Clock): Runtime {
  const metered = (name: keyof Runtime, call: Call): Call => {
    const operation = OPERATIONS[name];
    if (operation === undefined) return call;
    return async (...args) => {
      const began = clock.monotonic();
      const ended = (failed: boolean) => {
        const seconds = (clock.monotonic() - began) / 1000;
        metrics.called(operation, seconds, failed);
        if (name === "runSandbox") metrics.sandboxTried(args[1] as string, seconds, failed);
      };
      try {
        const answer = await call(...args);
        ended(false);
        return answer;
      } catch (error) {
        ended(true);
        throw error;
      }
    };
  };
  const calls = new Map<string | symbol, Call>();
  return new Proxy(runtime, {
    get(target, name: keyof Runtime) {
      const known = calls.get(name);
      if (known) return known;
      const made = metered(name, (target[name] as Call).bind(target));
      calls.set(name, made);
      return made;
    },
  });
}
