/** Actions that ask whether they shall, and then send one request. */
import { type ComponentChild, h } from "preact";
import { Dialog } from "../../parts/dialog.ts";
import { useCluster, useTry } from "../../parts/hooks.ts";
import type { Kind } from "../../server/kinds.ts";
import type { KubeObject } from "../../server/object.ts";
import type { Server } from "../../server/server.ts";
import type { Action, ActionDialog } from "../actions.ts";

interface Question {
  /** Of the button that does it; the one that asks has dots behind. */
  readonly title: string;
  /** What comes of it. */
  readonly text: string;
  readonly danger?: boolean;
  appliesTo(kind: Kind, object: KubeObject): boolean;
  send(server: Server, kind: Kind, object: KubeObject): Promise<unknown>;
  /** Follows the object's kind and name. */
  readonly done: string;
}

export const asking = (question: Question): Action => ({
  title: `${question.title} …`,
  appliesTo: question.appliesTo,
  dialog: (props) => h(QuestionDialog, { ...props, question }),
});

function QuestionDialog({
  question,
  kind,
  object,
  close,
}: ActionDialog & { readonly question: Question }): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const { title, text, danger, send, done } = question;
  const what = `${kind.kind} ${object.metadata.name}`;
  const run = () =>
    attempt(async () => {
      await send(server, kind, object);
      return `${what} ${done}`;
    });
  return h(Dialog, { title: `${title}: ${what}?`, action: title, danger, run, close }, h("p", null, text));
}
