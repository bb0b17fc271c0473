/** Text to read, or to write: the Tab key indents, as one expects of YAML; Escape, then Tab leaves the field. */
import { type ComponentChild, h } from "preact";
import { useRef } from "preact/hooks";

interface EditorProps {
  readonly text: string;
  readonly label: string;
  readonly placeholder?: string;
  /** Only to be read where it is absent. */
  onText?(text: string): void;
}

const INDENT = "  ";

export function Editor({ text, label, placeholder, onText }: EditorProps): ComponentChild {
  const leaves = useRef(false);
  return h("textarea", {
    class: "editor",
    "aria-label": label,
    spellcheck: false,
    autocomplete: "off",
    wrap: "off",
    rows: Math.min(Math.max(text.split("\n").length + 1, 12), 60),
    readOnly: !onText,
    placeholder,
    value: text,
    onInput: (event: Event) => onText?.((event.target as HTMLTextAreaElement).value),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Tab" && !event.shiftKey && onText && !leaves.current) {
        event.preventDefault();
        const field = event.target as HTMLTextAreaElement;
        field.setRangeText(INDENT, field.selectionStart, field.selectionEnd, "end");
        onText(field.value);
      }
      leaves.current = event.key === "Escape";
    },
  });
}
