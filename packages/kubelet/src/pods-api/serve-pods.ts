/**
 * The pods API (v1alpha1) on its socket: the pods of this node for programs on it, which need no API server for that.
 * Holds: as long as not all sources of pods have told theirs nothing is answered; lists are at most so many a second.
 */
import { join } from "node:path";
import type { Clock } from "@kubets/machinery";
import { TokenBucket } from "@kubets/machinery/token-bucket";
import { Pods } from "@kubets/wire/generated/kubelet/v1alpha1";
import { GrpcError, type GrpcServer, grpcServer, serve } from "@kubets/wire/grpc";
import type { Disk } from "../disk/disk.ts";
import { messageOf, type PodFeed } from "./pod-feed.ts";

interface PodsApiOptions {
  readonly root: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly feed: PodFeed;
  isReady(): boolean;
}

const PACE = { rate: 100, burst: 10 };

export async function servePods({ root, disk, clock, feed, isReady }: PodsApiOptions): Promise<GrpcServer> {
  const folder = join(root, "pods-api");
  const socket = join(folder, "pods-api.sock");
  await disk.makeFolder(folder, 0o750);
  await disk.remove(socket);
  const pace = new TokenBucket(clock, PACE);
  const checkReady = () => {
    if (!isReady()) throw new GrpcError("FAILED_PRECONDITION", "Kubelet is initializing");
  };
  const check = () => {
    if (!pace.tryTake()) throw new GrpcError("RESOURCE_EXHAUSTED", "rejected by rate limit");
    checkReady();
  };
  return await grpcServer({
    listen: `unix:${socket}`,
    services: [
      serve(Pods, {
        async listPods() {
          check();
          return { pods: feed.pods().map(messageOf) };
        },
        async getPod({ podUID }) {
          check();
          const found = feed.pods().find(({ metadata }) => metadata.uid === podUID);
          if (!found) throw new GrpcError("NOT_FOUND", `pod with UID ${podUID} not found`);
          return { pod: messageOf(found) };
        },
        async *watchPods(_, { signal }) {
          checkReady();
          yield* feed.watch(signal);
        },
      }),
    ],
  });
}
