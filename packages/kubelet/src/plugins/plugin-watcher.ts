/**
 * Plugins that register by a socket in the folder `plugins_registry`: each is asked who it is, handed to who knows its kind, and told how that went;
 * when its socket goes, so does the plugin.
 * Holds: a plugin is registered once for each time its socket is made; one that could not be (it may not listen yet) is asked again, less and less often.
 */
import { watch } from "node:fs";
import { join } from "node:path";
import type { Clock, Logger, Timer } from "@kubets/machinery";
import { Registration } from "@kubets/wire/generated/kubelet/plugin-registration";
import { grpcClient } from "@kubets/wire/grpc";
import type { Disk } from "../disk/disk.ts";

export interface Plugin {
  readonly name: string;
  /** The socket of its service. */
  readonly endpoint: string;
  readonly versions: readonly string[];
}

/** Who takes plugins of one kind. Registering rejects with the reason that the plugin is told. */
export interface PluginKind {
  register(plugin: Plugin): Promise<void>;
  unregister(plugin: Plugin): Promise<void>;
}

interface PluginWatcherOptions {
  readonly folder: string;
  /** By the type that plugins say: CSIPlugin, DRAPlugin. */
  readonly kinds: Readonly<Record<string, PluginKind>>;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Registered {
  readonly kind: PluginKind;
  readonly plugin: Plugin;
  readonly inode: number;
}

const TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 60_000;

export class PluginWatcher {
  readonly #options: PluginWatcherOptions;
  readonly #registered = new Map<string, Registered>();
  #looking = false;
  #again = false;
  #failures = 0;
  #retry: Timer | undefined;

  constructor(options: PluginWatcherOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { folder, disk, signal, log } = this.#options;
    await disk.makeFolder(folder, 0o750);
    const watcher = watch(folder, { recursive: true, signal }, () => void this.look());
    watcher.on("error", (error) => signal.aborted || log.warn("plugins are not heard of any more", { error }));
    await this.look();
  }

  /** Takes up what came and lets go what went. */
  async look(): Promise<void> {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#again && !this.#options.signal.aborted) {
      this.#again = false;
      await this.#lookOnce().catch((error: unknown) => this.#options.log.warn("plugins could not be read", { error }));
    }
    this.#looking = false;
  }

  async #lookOnce(): Promise<void> {
    const present = await this.#sockets(this.#options.folder);
    for (const [socket, { kind, plugin, inode }] of this.#registered) {
      if (present.get(socket) === inode) continue;
      this.#registered.delete(socket);
      this.#options.log.info("a plugin has gone", { plugin: plugin.name });
      await kind.unregister(plugin);
    }
    let failed = false;
    for (const [socket, inode] of present)
      if (!this.#registered.has(socket)) failed = !(await this.#register(socket, inode)) || failed;
    this.#failures = failed ? this.#failures + 1 : 0;
    this.#retry?.cancel();
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    if (failed) this.#retry = this.#options.clock.after(wait, () => void this.look());
  }

  async #sockets(folder: string, found = new Map<string, number>()): Promise<Map<string, number>> {
    const { disk } = this.#options;
    for (const name of await disk.list(folder)) {
      if (name.startsWith(".")) continue;
      const path = join(folder, name);
      const entry = await disk.stat(path);
      if (entry?.kind === "folder") await this.#sockets(path, found);
      else if (entry?.kind === "socket") found.set(path, entry.inode);
    }
    return found;
  }

  async #register(socket: string, inode: number): Promise<boolean> {
    const { kinds, log } = this.#options;
    const client = grpcClient({ target: `unix://${socket}` });
    const call = { timeoutMs: TIMEOUT_MS };
    try {
      const info = await client.unary(Registration.getInfo, {}, call);
      const plugin = { name: info.name, endpoint: info.endpoint || socket, versions: info.supportedVersions };
      const kind = Object.hasOwn(kinds, info.type) ? kinds[info.type] : undefined;
      const error = kind
        ? await kind.register(plugin).then(
            () => "",
            (reason: Error) => reason.message,
          )
        : `no handler registered for plugin type: ${info.type} at socket ${socket}`;
      await client.unary(Registration.notifyRegistrationStatus, { pluginRegistered: error === "", error }, call);
      if (!kind || error) throw new Error(error);
      this.#registered.set(socket, { kind, plugin, inode });
      log.info("a plugin is registered", { plugin: info.name, type: info.type });
      return true;
    } catch (error) {
      if (this.#failures > 0) log.warn("a plugin could not be registered", { socket, error });
      return false;
    } finally {
      client.close();
    }
  }
}
