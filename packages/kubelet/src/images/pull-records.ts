/**
 * Who has shown credentials for which image of the node: an image that was pulled with a secret is not for every pod that knows its name.
 * Holds: what this kubelet began to pull counts as pulled by it, also when it died before it could write with what; the files are the
 * original's (`image_manager/` in its folder), so that either finds what the other left.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "@kubets/machinery";
import { formatTime, parseTime } from "@kubets/machinery/time";
import type { Disk } from "../disk/disk.ts";
import { repositoryOf } from "./image-name.ts";
import type { CredentialSource } from "./pull-secrets.ts";
import type { MustVerify } from "./verification-policy.ts";

type Secret = NonNullable<CredentialSource["secret"]>;
type Account = NonNullable<CredentialSource["serviceAccount"]>;

/** Of one image name, who may use what it stands for. */
interface KnownCredentials {
  readonly kubernetesSecrets?: readonly Secret[];
  readonly kubernetesServiceAccounts?: readonly Account[];
  readonly nodePodsAccessible?: boolean;
}

interface PulledRecord {
  readonly lastUpdatedTime: string;
  readonly imageRef: string;
  readonly credentialMapping: Readonly<Record<string, KnownCredentials>>;
}

interface PullRecordsOptions {
  readonly disk: Disk;
  /** The kubelet's own. */
  readonly folder: string;
  readonly mustVerify: MustVerify;
  /** What the runtime calls the image, if it has it. */
  refOf(image: string): Promise<string | undefined>;
  now(): number;
  readonly log: Logger;
}

const API_VERSION = "kubelet.config.k8s.io/v1beta1";
const fileName = (name: string): string => `sha256-${createHash("sha256").update(name).digest("hex")}`;

export class PullRecords {
  readonly #options: PullRecordsOptions;
  readonly #pulled: string;
  readonly #pulling: string;
  readonly #records = new Map<string, PulledRecord>();
  readonly #intents = new Map<string, number>();
  #loading: Promise<void> | undefined;

  constructor(options: PullRecordsOptions) {
    this.#options = options;
    this.#pulled = join(options.folder, "image_manager", "pulled");
    this.#pulling = join(options.folder, "image_manager", "pulling");
  }

  /** Whether a pod may have an image that is there without asking its registry. */
  async mayUse(image: string, ref: string, credentials: () => Promise<readonly CredentialSource[]>): Promise<boolean> {
    await this.#load();
    const record = this.#records.get(ref);
    if (!this.#options.mustVerify(image, record !== undefined || this.#intents.has(image))) return true;
    const known = record?.credentialMapping[repositoryOf(image)];
    if (!known) return false;
    if (known.nodePodsAccessible) return true;
    const fits = (await credentials()).find((source) => isKnown(known, source));
    if (fits) await this.#write(image, ref, fits);
    return fits !== undefined;
  }

  /** Before a pull. */
  async begin(image: string): Promise<void> {
    await this.#load();
    const running = this.#intents.get(image) ?? 0;
    this.#intents.set(image, running + 1);
    if (running > 0) return;
    await this.#options.disk.makeFolder(this.#pulling, 0o700);
    const intent = { kind: "ImagePullIntent", apiVersion: API_VERSION, image };
    await this.#options.disk.writeFile(join(this.#pulling, fileName(image)), JSON.stringify(intent), 0o600);
  }

  /** After it, with whose credentials it was; an image that needed none of a pod's is for all of them. */
  async succeeded(image: string, ref: string, source: CredentialSource): Promise<void> {
    await this.#write(image, ref, source);
    await this.ended(image);
  }

  /** A pull is over, however it ended. */
  async ended(image: string): Promise<void> {
    const running = (this.#intents.get(image) ?? 1) - 1;
    if (running > 0) return void this.#intents.set(image, running);
    this.#intents.delete(image);
    await this.#options.disk.remove(join(this.#pulling, fileName(image)));
  }

  /** Forgets images that the node does not have any more; what was written since `before` stays. */
  async prune(present: ReadonlySet<string>, before: number): Promise<void> {
    await this.#load();
    for (const [ref, { lastUpdatedTime }] of this.#records) {
      if (present.has(ref) || parseTime(lastUpdatedTime) >= before) continue;
      this.#records.delete(ref);
      await this.#options.disk.remove(join(this.#pulled, fileName(ref)));
    }
  }

  async #write(image: string, ref: string, source: CredentialSource | undefined): Promise<void> {
    const { disk, now } = this.#options;
    const before = this.#records.get(ref)?.credentialMapping ?? {};
    const name = repositoryOf(image);
    const known = source ? extended(before[name] ?? {}, source) : before[name];
    if (this.#records.has(ref) && known === before[name]) return;
    const credentialMapping = known ? { ...before, [name]: known } : before;
    const record = { lastUpdatedTime: formatTime(now()), imageRef: ref, credentialMapping };
    this.#records.set(ref, record);
    await disk.makeFolder(this.#pulled, 0o700);
    const text = JSON.stringify({ kind: "ImagePulledRecord", apiVersion: API_VERSION, ...record });
    await disk.writeFile(join(this.#pulled, fileName(ref)), text, 0o600);
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read();
    return this.#loading;
  }

  async #read(): Promise<void> {
    for (const record of await this.#filesOf<PulledRecord>(this.#pulled)) this.#records.set(record.imageRef, record);
    for (const { image } of await this.#filesOf<{ image: string }>(this.#pulling)) {
      const ref = await this.#options.refOf(image);
      if (ref) await this.#write(image, ref, undefined);
      await this.#options.disk.remove(join(this.#pulling, fileName(image)));
    }
  }

  /** A file that cannot be read says nothing: its image must be pulled again. */
  async #filesOf<T>(folder: string): Promise<T[]> {
    const { disk, log } = this.#options;
    const read = (await disk.list(folder)).map(async (name) => {
      try {
        return [JSON.parse((await disk.readFile(join(folder, name))).toString()) as T];
      } catch (error) {
        log.warn("a record of pulled images cannot be read", { name, error });
        return [];
      }
    });
    return (await Promise.all(read)).flat();
  }
}

const isSame = (a: Account, b: Account) => a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;

/** The same credentials in another secret count, and so does the same secret with new ones. */
function isKnown(known: KnownCredentials, { secret, serviceAccount }: CredentialSource): boolean {
  if (secret)
    return (known.kubernetesSecrets ?? []).some(
      (each) => each.credentialHash === secret.credentialHash || isSame(each, secret),
    );
  return !!serviceAccount && (known.kubernetesServiceAccounts ?? []).some((each) => isSame(each, serviceAccount));
}

/** The same object when it says nothing new. */
function extended(known: KnownCredentials, { secret, serviceAccount }: CredentialSource): KnownCredentials {
  if (known.nodePodsAccessible) return known;
  if (secret) {
    const secrets = known.kubernetesSecrets ?? [];
    if (secrets.some((each) => isSame(each, secret) && each.credentialHash === secret.credentialHash)) return known;
    return { ...known, kubernetesSecrets: [...secrets.filter((each) => !isSame(each, secret)), secret] };
  }
  if (serviceAccount) {
    const accounts = known.kubernetesServiceAccounts ?? [];
    if (accounts.some((each) => isSame(each, serviceAccount))) return known;
    return { ...known, kubernetesServiceAccounts: [...accounts, serviceAccount] };
  }
  return { nodePodsAccessible: true };
}
