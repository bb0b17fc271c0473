/**
 * Brings the image of a container onto the node, by its pull policy.
 * Holds: of one image there is one pull at a time, however many wait for it; what failed is not tried again before its wait is over (10 s
 * doubling to 5 minutes); each step is told as an event of the container, in the original's words.
 */
import type { Pod, Secret } from "@kubets/api/generated/types/core-v1";
import type { Clock } from "@kubets/machinery";
import { formatDuration } from "@kubets/machinery/duration";
import { TokenBucket, type TokenBucketOptions } from "@kubets/machinery/token-bucket";
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts";
import { RestartBackoff } from "../pod-workers/restart-backoff.ts";
import {
  imageKey,
  type RegistryAuth,
  type Runtime,
  type RuntimeImage,
  type SandboxConfig,
} from "../runtime/runtime.ts";
import { imageNameError, withTag } from "./image-name.ts";
import type { PullRecords } from "./pull-records.ts";
import { type CredentialSource, credentialsFor, type PullCredential } from "./pull-secrets.ts";
import { PullSlots } from "./pull-slots.ts";

interface ImageWish {
  readonly image: string;
  readonly policy: string;
  readonly secrets: readonly Secret[];
  readonly sandbox: SandboxConfig;
  /** Of the runtime, where images are told apart by it. */
  readonly handler?: string;
  /** Whose waiting it is: backing off counts for each pod and image. */
  readonly pod: Pod;
}

interface ImagePullerOptions {
  /** How many pulls may be under way; any number by default. */
  readonly parallel?: number;
  /** How many may begin in a second, and how many of them at once; any number by default. */
  readonly pace?: TokenBucketOptions;
  /** Credentials beside the pod's own. */
  moreCredentials?(image: string, pod: Pod): Promise<PullCredential[]>;
  /** Who may use what is there; without them everybody may. */
  readonly records?: PullRecords;
  readonly metrics?: KubeletMetrics;
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
  readonly #pace: TokenBucket | undefined;
  readonly #moreCredentials: NonNullable<ImagePullerOptions["moreCredentials"]>;
  readonly #records: PullRecords | undefined;
  readonly #metrics: KubeletMetrics | undefined;
  readonly #backoff = new RestartBackoff();
  readonly #failures = new Map<string, Failure>();
  readonly #pulling = new Map<string, Promise<CredentialSource>>();

  constructor(runtime: Runtime, clock: Clock, options: ImagePullerOptions = {}) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#slots = new PullSlots(options.parallel ?? Number.POSITIVE_INFINITY);
    this.#pace = options.pace && new TokenBucket(clock, options.pace);
    this.#moreCredentials = options.moreCredentials ?? (async () => []);
    this.#records = options.records;
    this.#metrics = options.metrics;
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
    const present = await this.#inspect(image, wish, tell);
    const shown = `"${wish.image}"`;
    if (wish.policy === "Never" && !present) {
      const message = `Container image ${shown} is not present with pull policy of Never`;
      tell("Warning", "ErrImageNeverPull", message);
      throw new ImageError("ErrImageNeverPull", message);
    }
    if (present && wish.policy !== "Always" && (await this.#mayUse(image, present, wish))) {
      tell("Normal", "Pulled", `Container image ${shown} already present on machine and can be accessed by the pod`);
      return present;
    }
    if (wish.policy === "Never") {
      const message = `Container image ${shown} is present with pull policy of Never but does not have the proper credentials to access the image`;
      tell("Warning", "ErrImageNeverPull", message);
      throw new ImageError("ErrImageNeverPull", message);
    }
    return await this.#pull(image, wish, tell);
  }

  forget(podUid: string): void {
    for (const key of this.#failures.keys())
      if (key.startsWith(`${podUid}|`)) {
        this.#failures.delete(key);
        this.#backoff.reset(key);
      }
  }

  async #inspect(image: string, { handler }: ImageWish, tell: TellOfImage): Promise<RuntimeImage | undefined> {
    try {
      return await this.#runtime.imageStatus(image, handler);
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
      const found = await this.#recorded(image, wish, () => (begun = this.#clock.monotonic()));
      const now = this.#clock.monotonic();
      const [took, waited] = [now - begun, now - asked].map((ms) => formatDuration(Math.round(ms)));
      tell(
        "Normal",
        "Pulled",
        `Successfully pulled image ${shown} in ${took} (${waited} including waiting). Image size: ${found.size} bytes.`,
      );
      this.#metrics?.imagePulled(wish.pod.metadata.uid, found.size, (now - begun) / 1000);
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

  async #mayUse(image: string, { id }: RuntimeImage, wish: ImageWish): Promise<boolean> {
    if (!this.#records) return true;
    const sources = async () => (await this.#credentials(image, wish)).map(({ source }) => source);
    return await this.#records.mayUse(image, id, sources);
  }

  async #recorded(image: string, wish: ImageWish, begin: () => void): Promise<RuntimeImage> {
    await this.#records?.begin(image);
    let source: CredentialSource;
    try {
      source = await this.#once(image, wish, begin);
    } catch (error) {
      await this.#records?.ended(image);
      throw error;
    }
    const found = await this.#runtime.imageStatus(image, wish.handler);
    if (!found) throw new Error(`image "${wish.image}" is not there after its pull`);
    await this.#records?.succeeded(image, found.id, source);
    return found;
  }

  /** Who has credentials of its own pulls for itself: what others may have says nothing of it. */
  async #once(image: string, wish: ImageWish, begin: () => void): Promise<CredentialSource> {
    const credentials = await this.#credentials(image, wish);
    const pull = () =>
      this.#slots.use(() => {
        begin();
        return this.#tryCredentials(image, credentials, wish);
      });
    if (credentials.some(({ source }) => source.secret || source.serviceAccount)) return await pull();
    const key = imageKey(image, wish.handler);
    const running = this.#pulling.get(key) ?? pull().finally(() => this.#pulling.delete(key));
    this.#pulling.set(key, running);
    return await running;
  }

  async #credentials(image: string, { secrets, pod }: ImageWish): Promise<PullCredential[]> {
    return [...credentialsFor(image, secrets), ...(await this.#moreCredentials(image, pod))];
  }

  /** With each of the credentials that fit; without, when there are none. Gives whose it was. */
  async #tryCredentials(
    image: string,
    credentials: readonly PullCredential[],
    { sandbox, handler }: ImageWish,
  ): Promise<CredentialSource> {
    const pull = async (auth?: RegistryAuth) => {
      if (this.#pace?.tryTake() === false) throw new Error("pull QPS exceeded");
      await this.#runtime.pullImage(image, auth, sandbox, handler);
    };
    if (credentials.length === 0) {
      await pull();
      return {};
    }
    let failure: unknown;
    for (const { auth, source } of credentials) {
      try {
        await pull(auth);
        return source;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

const keyOf = (podUid: string, image: string): string => `${podUid}|${image}`;
