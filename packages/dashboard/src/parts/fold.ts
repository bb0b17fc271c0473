/** What is shown only once it is asked for; until then it costs nothing. */
import { type ComponentChild, type ComponentChildren, h } from "preact";
import { useState } from "preact/hooks";

interface FoldProps {
  readonly title: ComponentChildren;
  content(): ComponentChildren;
}

export function Fold({ title, content }: FoldProps): ComponentChild {
  const [isOpen, setOpen] = useState(false);
  return h(
    "details",
    { onToggle: (event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open) },
    h("summary", null, title),
    isOpen && content(),
  );
}
