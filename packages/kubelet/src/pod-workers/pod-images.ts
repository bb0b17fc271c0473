/** Brings the images of a pod onto its node, with the pod's secrets: those that its volumes show, and that of a container. */
import type { Container, EphemeralContainer, Pod } from "@kubets/api/generated/types/core-v1";
import { ImageError, type TellOfImage } from "../images/image-puller.ts";
import type { RuntimeImage, SandboxConfig } from "../runtime/runtime.ts";
import type { PodTools } from "./tools.ts";

/** By the names of the volumes; what could not be had is the failure of the containers that mount it. */
export type VolumeImages = ReadonlyMap<string, RuntimeImage | ImageError>;

export interface ImagePlace {
  readonly pod: Pod;
  readonly sandboxConfig: SandboxConfig;
  /** Which handler of the runtime its images are for, where they are told apart; "" where they are not. */
  readonly handler: string;
  readonly signal: AbortSignal;
}

/** Each once, whoever mounts it, and also when nobody does. */
export async function volumeImages(place: ImagePlace, tools: PodTools): Promise<VolumeImages> {
  const found = new Map<string, RuntimeImage | ImageError>();
  const tell: TellOfImage = (...event) => tools.events.event(place.pod, ...event);
  for (const { name, image } of place.pod.spec.volumes ?? [])
    if (image)
      found.set(name, await ensureImage(image.reference, image.pullPolicy, place, tools, tell).catch(ifImageError));
  return found;
}

/** Of those that the container mounts. */
export const mountedOf = (
  { volumeMounts = [] }: Container | EphemeralContainer,
  images: VolumeImages,
): ReadonlyMap<string, RuntimeImage | ImageError> => {
  const names = new Set(volumeMounts.map(({ name }) => name));
  return new Map([...images].filter(([name]) => names.has(name)));
};

export async function ensureImage(
  name: string | undefined,
  policy: string | undefined,
  { pod, sandboxConfig, handler, signal }: ImagePlace,
  { images, objects }: PodTools,
  tell: TellOfImage,
): Promise<RuntimeImage> {
  signal.throwIfAborted();
  const secrets = (pod.spec.imagePullSecrets ?? []).flatMap(
    ({ name = "" }) => objects.secret(pod.metadata.namespace, name) ?? [],
  );
  const wish = { image: name ?? "", policy: policy ?? "IfNotPresent", secrets, sandbox: sandboxConfig, handler, pod };
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  return await Promise.race([images.ensure(wish, tell), aborted]);
}

function ifImageError(error: unknown): ImageError {
  if (error instanceof ImageError) return error;
  throw error;
}
