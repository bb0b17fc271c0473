/**
 * The webhooks or policies of a plugin that stand in a folder: in force before the first request, and taken up again when the folder changes. What is wrong
 * with them ends the start; later, what was in force before stays so.
 */
import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { MANIFESTS_GATE } from "@kubets/api/admissionregistration/static-names";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { every, fieldErrorText, forbiddenField, invalidValue } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import { followFolder } from "../../followed-file.ts";
import { timestamp } from "../../write/context.ts";
import type { AdmissionContext } from "../plugin.ts";
import { loadManifests } from "./load.ts";
import { readFolder } from "./read-folder.ts";

/** What is in force, by kind. */
export interface Manifests {
  of<T extends KubeObject>(ref: ResourceRef<T>): readonly T[];
}

export type Kind = Pick<ResourceRef, "group" | "version" | "kind">;

/** The original looks as often, too, where nothing tells it of changes. */
const LOOK_MS = 60_000;

export class ManifestFolder {
  readonly #plugin: string;
  readonly #path: string;
  /** Where the folder is named. */
  readonly #from: string;
  readonly #kinds: readonly Kind[];

  constructor(plugin: string, path: string, from: string, kinds: readonly Kind[]) {
    this.#plugin = plugin;
    this.#path = path;
    this.#from = `${from}: `;
    this.#kinds = kinds;
  }

  /** Tells at once what is in force, and whenever that changes; throws a ConfigError where it cannot be used. Returns what ends it. */
  follow(context: AdmissionContext, use: (manifests: Manifests) => void): () => void {
    const { clock, log, metrics } = context;
    const [plugin, folder] = [this.#plugin, this.#path];
    this.#check(context);
    const told = metrics.manifests.of(plugin, () => clock.now());
    let inForce: string | undefined;
    const takeUp = () => {
      const files = readFolder(folder);
      // As the hash that is told is made of it.
      const text = files.map((file) => `${file.text}\0`).join("");
      if (text === inForce) return;
      const objects = loadManifests(files, this.#definitions(context), {
        now: timestamp(clock.now()),
        featureEnabled: (name) => context.featureEnabled(name),
        allowPrivileged: false,
      });
      use({
        of: <T extends KubeObject>({ kind }: ResourceRef<T>) => objects.filter((each) => each.kind === kind) as T[],
      });
      inForce = text;
      told.inForce(text);
      told.reloaded();
      log.info("admission goes by the manifests of a folder", { plugin, folder, objects: objects.length });
    };
    try {
      takeUp();
    } catch (error) {
      throw new ConfigError(`${this.#from}staticManifestsDir: ${(error as Error).message}`);
    }
    const lookAgain = () => {
      try {
        takeUp();
      } catch (error) {
        told.reloaded(error);
        log.error("the manifests of a folder are wrong; those before stay in force", { plugin, folder, error });
      }
    };
    const looking = every(clock, LOOK_MS, lookAgain);
    const unfollow = followFolder(folder, clock, lookAgain);
    return () => {
      looking.cancel();
      unfollow();
    };
  }

  #definitions(context: AdmissionContext) {
    return this.#kinds.flatMap(({ group, kind, version }) => context.definitionOf(group, kind, version) ?? []);
  }

  #check(context: AdmissionContext): void {
    const field = "staticManifestsDir";
    const path = this.#path;
    const refuse = (why: string) => new ConfigError(this.#from + fieldErrorText(invalidValue(field, path, why)));
    if (!context.featureEnabled(MANIFESTS_GATE)) {
      const why = `${field} requires the ${MANIFESTS_GATE} feature gate to be enabled`;
      throw new ConfigError(this.#from + fieldErrorText(forbiddenField(field, why)));
    }
    if (!isAbsolute(path)) throw refuse("must be an absolute file path");
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) throw refuse("unable to read: there is no such folder");
    if (!found.isDirectory()) throw refuse("must be a directory");
  }
}
