/** A box of the page with its title. */
import { type ComponentChild, type ComponentChildren, h } from "preact";

interface SectionProps {
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
}

export const Section = ({ title, children }: SectionProps): ComponentChild =>
  h("section", { class: "box" }, h("h2", null, title), children);
