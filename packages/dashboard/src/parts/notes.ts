/** Lines at the edge of the page that tell what was done, or why it was not. */
import { type ComponentChild, h } from "preact";

export interface Note {
  readonly text: string;
  readonly isFailure: boolean;
}

export const Notes = ({ notes, put }: { readonly notes: readonly Note[]; put(note: Note): void }): ComponentChild =>
  h(
    "div",
    { class: "notes", role: "status", "aria-live": "polite" },
    notes.map((note) =>
      h(
        "div",
        { class: note.isFailure ? "note bad" : "note", role: note.isFailure ? "alert" : undefined },
        h("span", null, note.text),
        h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onClick: () => put(note) }, "×"),
      ),
    ),
  );
