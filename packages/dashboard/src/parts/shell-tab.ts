/** A shell in a container of a pod, for as long as the tab is shown; of a container for debugging, what runs in it by itself. */
import { type ComponentChild, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PODS } from "../kind-names.ts";
import type { ObjectView } from "../kinds/tabs.ts";
import { type Channels, openChannels, type ProgramEnd } from "../server/channels.ts";
import { asFailure } from "../server/failure.ts";
import { pathOf } from "../server/kinds.ts";
import { containersOf, defaultContainer, hasOwnTerminal, type SomePod, stateText } from "../server/pods.ts";
import { check, choice } from "./fields.ts";
import { useCluster } from "./hooks.ts";
import { openTerminal, type PageTerminal } from "./terminal.ts";

const SHELL = "export TERM=xterm-256color; if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi";

export function ShellTab({ object, container: asked, showContainer }: ObjectView): ComponentChild {
  const pod = object as SomePod;
  const names = containersOf(pod);
  // One that was added just now may not be known yet.
  const container = asked || defaultContainer(pod);
  const isKnown = names.some(({ name }) => name === container);
  const state = stateText(pod, container);
  const [isRead, setRead] = useState(false);
  return h(
    "section",
    null,
    h(
      "div",
      { class: "bar" },
      choice(
        "Container",
        container,
        showContainer,
        names.map(({ name, role }) => [name, role ? `${name} (${role})` : name]),
      ),
      check("For screen readers", isRead, setRead),
    ),
    isKnown
      ? h(Shell, { key: `${object.metadata.uid} ${container}`, pod, container, state, isRead })
      : h("p", { class: "quiet", role: "status" }, `The pod has no container ${container}, or not yet.`),
  );
}

/** Ctrl-C for what runs, then Ctrl-D: nothing else would end a shell whose terminal has gone. */
const LEAVE = ["\x03", "\x04"];
const LEAVE_MS = 300;

async function leave(channels: Channels): Promise<void> {
  for (const key of LEAVE) {
    channels.write(key);
    await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
  }
  channels.close();
}

interface ShellProps {
  readonly pod: SomePod;
  readonly container: string;
  /** Why there can be no shell; empty where there can. */
  readonly state: string;
  /** Whether what comes is read aloud. */
  readonly isRead: boolean;
}

function Shell({ pod, container, state, isRead }: ShellProps): ComponentChild {
  const { server } = useCluster();
  const { namespace, name } = pod.metadata;
  const box = useRef<HTMLDivElement>(null);
  const shown = useRef<PageTerminal | undefined>(undefined);
  /** How many shells there were; none before the container runs. */
  const [round, setRound] = useState(0);
  const [end, setEnd] = useState<ProgramEnd>();
  const [isOpen, setOpen] = useState(false);
  const canRun = state === "";
  const isOwn = hasOwnTerminal(pod, container);
  if (round === 0 && canRun) setRound(1);

  useEffect(() => {
    const place = box.current;
    if (!place || round === 0) return;
    let close = () => {};
    let isGone = false;
    setEnd(undefined);
    const over = (how: ProgramEnd) => {
      setOpen(false);
      setEnd(how);
    };
    void openTerminal(place).then(
      (terminal) => {
        if (isGone) return terminal.close();
        shown.current = terminal;
        terminal.readAloud(isRead);
        const path = isOwn
          ? `${pathOf(PODS, namespace, name, "attach")}?${streams(container)}`
          : `${pathOf(PODS, namespace, name, "exec")}?${commandQuery(container)}`;
        const channels = openChannels(server, path, {
          onOpen() {
            setOpen(true);
            // What runs already shows its prompt again when its terminal changes.
            if (isOwn) channels.resize(terminal.columns() + 1, terminal.rows());
            channels.resize(terminal.columns(), terminal.rows());
            terminal.focus();
          },
          onOutput: (bytes) => isGone || terminal.write(bytes),
          onEnd: (how) => isGone || over(how),
        });
        terminal.listen({ onInput: channels.write, onResize: channels.resize });
        // What is no shell of this page goes on without it.
        const left = () => isOwn || channels.write(LEAVE.join(""));
        window.addEventListener("pagehide", left);
        close = () => {
          window.removeEventListener("pagehide", left);
          if (isOwn) channels.close();
          else void leave(channels);
          terminal.close();
        };
      },
      (error: unknown) => over({ failure: asFailure(error) }),
    );
    return () => {
      isGone = true;
      close();
    };
  }, [server, round]);
  useEffect(() => shown.current?.readAloud(isRead), [isRead]);

  return h(
    "div",
    null,
    !canRun &&
      !isOpen &&
      h("p", { class: "quiet", role: "status" }, `There can be no shell now: ${container} ${state}.`),
    h("div", {
      ref: box,
      class: "shell",
      hidden: round === 0,
      role: "group",
      "aria-label": `Shell in ${container}`,
    }),
    end
      ? h(
          "div",
          { class: "bar", role: "status" },
          h(
            "span",
            { class: end.code === 0 ? undefined : "bad" },
            // How its program ended stands in the pod's status.
            isOwn && !end.failure ? "The terminal was closed." : endText(end),
          ),
          h(
            "button",
            { type: "button", disabled: !canRun, onClick: () => setRound(round + 1) },
            isOwn ? "Join again" : "Start again",
          ),
        )
      : round > 0 &&
          h(
            "p",
            { class: "quiet" },
            isOpen
              ? `Shift+Tab leaves the terminal.${isOwn ? " Enter brings a prompt if there is none." : ""}`
              : "Connecting …",
          ),
  );
}

const streams = (container: string) => new URLSearchParams({ container, stdin: "true", stdout: "true", tty: "true" });

function commandQuery(container: string): string {
  const query = streams(container);
  for (const word of ["/bin/sh", "-c", SHELL]) query.append("command", word);
  return query.toString();
}

/** Where the program that is asked for is not there. */
const NO_PROGRAM = /no such file or directory|executable file not found/i;

export function endText({ code, failure }: ProgramEnd): string {
  if (!failure) return `The shell ended with exit code ${code}.`;
  if (NO_PROGRAM.test(failure.message)) return `This container has no shell (/bin/sh): ${failure.message}`;
  return failure.message;
}
