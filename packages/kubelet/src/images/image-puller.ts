/**
 * Brings the image of a container onto the node, by its pull policy.
 * Holds: of one image there is one pull at a time, however many wait for it; what failed is not tried again before its wait is over (10 s
 * doubling to 5 minutes); each step is told as an event of the container, in the original's words.
 */
import type { Pod, Secret } from "@kubets/api/generated/types/core-v1";
import type { Clock } from "@kubets/machinery";
import { formatDuration } from "@kubets/machinery/duration";
import { RestartBackoff } from "../pod-workers/restart-backoff.ts";
import type { RegistryAuth, Runtime, RuntimeImage, SandboxConfig } from "../runtime/runtime.ts";
import { imageNameError, withTag } from "./image-name.ts";
import { credentialsFor } from "./pull-secrets.ts";
import { PullSlots } from "./pull-slots.ts";

export interface ImageWish {
  readonly image: string;
  readonly policy: string;
  readonly secrets: readonly Secret[];
  readonly sandbox: SandboxConfig;
  /** Whose waiting it is: backing off counts for each pod and image. */
  readonly pod: Pod;
}

export interface ImagePullerOptions {
  /** How many pulls may be under way; any number by default. */
  readonly parallel?: number;
  /** Credentials beside the pod's own. */
  moreCredentials?(image: string, pod: Pod): Promise<RegistryAuth[]>;
}

/** Tells of a step: type, reason, text. */
export type TellOfImage = (type: "Normal" | "Warning", reason: string, message: string) => void;

/** The image is not there; `reason` and `message` go into the container's status. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Failure {
  readonly at: number;
  readonly message: string;
}

export class ImagePuller {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #slots: PullSlots;
  readonly #moreCredentials: NonNullable<ImagePullerOptions["moreCredentials"]>;
  readonly #backoff = new RestartBackoff();
  readonly #failures = new Map<string, Failure>();
  readonly #pulling = new Map<string, Promise<string>>();

  constructor(runtime: Runtime, clock: Clock, options: ImagePullerOptions = {}) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#slots = new PullSlots(options.parallel ?? Number.POSITIVE_INFINITY);
    this.#moreCredentials = options.moreCredentials ?? (async () => []);
  }

  /** Resolves with the image on the node, or rejects with an ImageError. */
  async ensure(wish: ImageWish, tell: TellOfImage): Promise<RuntimeImage> {
    const image = withTag(wish.image);
    const wrong = imageNameError(wish.image);
    if (wrong) {
      const message = `Failed to apply default image tag ${JSON.stringify(wish.image)}: ${wrong}`;
      tell("Warning", "InspectFailed", message);
      throw new ImageError("InvalidImageName", message);
    }
    const present = await this.#inspect(image, tell);
    const shown = `"${wish.image}"`;
    if (wish.policy === "Never" && !present) {
      const message = `Container image ${shown} is not present with pull policy of Never`;
      tell("Warning", "ErrImageNeverPull", message);
      throw new ImageError("ErrImageNeverPull", message);
    }
    if (present && wish.policy !== "Always") {
      tell("Normal", "Pulled", `Container image ${shown} already present on machine and can be accessed by the pod`);
      return present;
    }
    return await this.#pull(image, wish, tell);
  }

  /** How long until a pull that failed may be tried again. */
  waitMs(podUid: string, image: string): number {
    const key = keyOf(podUid, withTag(image));
    const failure = this.#failures.get(key);
    return (failure && this.#backoff.waiting(key, failure.at, this.#clock.now())?.leftMs) ?? 0;
  }

  forget(podUid: string): void {
    for (const key of this.#failures.keys())
      if (key.startsWith(`${podUid}|`)) {
        this.#failures.delete(key);
        this.#backoff.reset(key);
      }
  }

  async #inspect(image: string, tell: TellOfImage): Promise<RuntimeImage | undefined> {
    try {
      return await this.#runtime.imageStatus(image);
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${(error as Error).message}`;
      tell("Warning", "InspectFailed", message);
      throw new ImageError("ImageInspectError", message);
    }
  }

  async #pull(image: string, wish: ImageWish, tell: TellOfImage): Promise<RuntimeImage> {
    const key = keyOf(wish.pod.metadata.uid, image);
    const shown = `"${wish.image}"`;
    const failure = this.#failures.get(key);
    if (failure && this.#backoff.waiting(key, failure.at, this.#clock.now())) {
      const message = `Back-off pulling image ${shown}`;
      tell("Normal", "BackOff", message);
      throw new ImageError("ImagePullBackOff", `${message}: ErrImagePull: ${failure.message}`);
    }
    tell("Normal", "Pulling", `Pulling image ${shown}`);
    const asked = this.#clock.monotonic();
    let begun = asked;
    try {
      await this.#once(image, wish, () => (begun = this.#clock.monotonic()));
      const found = await this.#runtime.imageStatus(image);
      if (!found) throw new Error(`image ${shown} is not there after its pull`);
      const now = this.#clock.monotonic();
      const [took, waited] = [now - begun, now - asked].map((ms) => formatDuration(Math.round(ms)));
      tell(
        "Normal",
        "Pulled",
        `Successfully pulled image ${shown} in ${took} (${waited} including waiting). Image size: ${found.size} bytes.`,
      );
      this.#failures.delete(key);
      this.#backoff.reset(key);
      return found;
    } catch (error) {
      const { message } = error as Error;
      const now = this.#clock.now();
      this.#failures.set(key, { at: now, message });
      this.#backoff.started(key, now, now);
      tell("Warning", "Failed", `Failed to pull image ${shown}: ${message}`);
      throw new ImageError("ErrImagePull", message);
    }
  }

  async #once(image: string, wish: ImageWish, begin: () => void): Promise<string> {
    const running = this.#pulling.get(image);
    if (running && wish.secrets.length === 0) return await running;
    const pull = this.#slots.use(() => {
      begin();
      return this.#tryCredentials(image, wish);
    });
    this.#pulling.set(image, pull);
    try {
      return await pull;
    } finally {
      this.#pulling.delete(image);
    }
  }

  /** With each of the credentials that fit; without, when none does. */
  async #tryCredentials(image: string, { secrets, sandbox, pod }: ImageWish): Promise<string> {
    const credentials = [...credentialsFor(image, secrets), ...(await this.#moreCredentials(image, pod))];
    if (credentials.length === 0) return await this.#runtime.pullImage(image, undefined, sandbox);
    let failure: unknown;
    for (const auth of credentials) {
      try {
        return await this.#runtime.pullImage(image, auth, sandbox);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

const keyOf = (podUid: string, image: string): string => `${podUid}|${image}`;
