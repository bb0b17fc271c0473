/** A question that stands before the page until it is answered; Escape is no. */
import { type ComponentChild, type ComponentChildren, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly danger?: boolean;
  /** Whether it cannot be done yet. */
  readonly disabled?: boolean;
  /** Done where it answers true. */
  run(): Promise<boolean>;
  close(isDone: boolean): void;
  readonly children?: ComponentChildren;
}

export function Dialog({
  title,
  action,
  danger = false,
  disabled = false,
  run,
  close,
  children,
}: DialogProps): ComponentChild {
  const [isBusy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const answer = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const isDone = await run();
    setBusy(false);
    if (isDone) close(true);
  };
  return h(
    "dialog",
    { ref: dialog, "aria-label": title, onClose: () => close(false) },
    h(
      "form",
      { onSubmit: answer },
      h("h2", null, title),
      children,
      h(
        "footer",
        null,
        h("button", { type: "button", onClick: () => close(false) }, "Cancel"),
        h("button", { type: "submit", class: danger ? "danger" : "main", disabled: isBusy || disabled }, action),
      ),
    ),
  );
}
