/**
 * Joins a container that runs, with this terminal if asked for; one that is over already is told of by its log.
 * Holds: the terminal is put back however it ends.
 */
import { asError } from "../errors.ts";
import { pathOf } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { runStreams } from "./run-streams.ts";
import { useTerminal } from "./terminal.ts";

interface Joining {
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

export async function join(session: Session, api: Api, pod: Info, container: string, flags: Joining): Promise<void> {
  const terminal = useTerminal(session, flags);
  if (!flags.quiet && flags.stdin) session.note("If you don't see a command prompt, try pressing enter.");
  try {
    const target = pathOf(pod.resource, pod.namespace, pod.name, "attach");
    await runStreams(api.rest, target, { container, tty: terminal.tty }, terminal.streams);
  } catch (error) {
    // A short command may be over before anyone could join.
    session.note(
      `warning: couldn't attach to pod/${pod.name}, falling back to streaming logs: ${asError(error).message}`,
    );
    await showLog(session, api, pod, container, true);
  } finally {
    terminal.restore();
  }
}

export async function showLog(
  session: Session,
  api: Api,
  pod: Info,
  container: string,
  follow: boolean,
): Promise<void> {
  const path = pathOf(pod.resource, pod.namespace, pod.name, "log");
  for await (const chunk of await api.rest.stream(path, { query: { container, follow } }))
    session.machine.streams.stdout.write(chunk);
}
