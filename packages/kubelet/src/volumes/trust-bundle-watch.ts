/**
 * Tells the pods that show whom the cluster trusts when that changes.
 * Holds: nothing is watched before the first such pod comes.
 */
import { clustertrustbundles } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ReflectorOptions } from "@kubets/client/informer/reflector";
import { SharedInformer } from "@kubets/client/informer/shared-informers";

interface TrustBundleWatchOptions extends ReflectorOptions {
  changed(podUid: string): void;
}

export class TrustBundleWatch {
  readonly #options: TrustBundleWatchOptions;
  readonly #pods = new Set<string>();
  #isOn = false;

  constructor(options: TrustBundleWatchOptions) {
    this.#options = options;
  }

  track({ metadata, spec }: Pod): void {
    if (!spec.volumes?.some(({ projected }) => projected?.sources?.some((each) => each.clusterTrustBundle))) return;
    this.#pods.add(metadata.uid);
    if (!this.#isOn) this.#watch();
  }

  untrack(uid: string): void {
    this.#pods.delete(uid);
  }

  #watch(): void {
    this.#isOn = true;
    const bundles = new SharedInformer(clustertrustbundles, {}, this.#options);
    const tell = () => {
      if (bundles.hasSynced) for (const uid of this.#pods) this.#options.changed(uid);
    };
    bundles.subscribe({ added: tell, changed: tell, deleted: tell });
  }
}
