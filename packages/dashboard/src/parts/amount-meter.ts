/** How much of something is taken: as a bar, and in words. */
import { type ComponentChild, h } from "preact";

interface AmountMeterProps {
  /** Who takes it: "requested", "used". */
  readonly label: string;
  readonly amount: number;
  readonly of: number;
  show(amount: number): string;
}

/** From here on it becomes scarce, and from here on it is short. */
const SCARCE = 0.75;
const SHORT = 0.9;

export function AmountMeter({ label, amount, of, show }: AmountMeterProps): ComponentChild {
  const percent = of > 0 ? ` (${Math.round((100 * amount) / of)} %)` : "";
  const text = `${show(amount)} of ${show(of)} ${label}${percent}`;
  return h(
    "div",
    { class: "amount" },
    of > 0 &&
      h("meter", {
        "aria-label": text,
        title: text,
        min: 0,
        max: of,
        low: of * SCARCE,
        high: of * SHORT,
        optimum: 0,
        value: Math.min(amount, of),
      }),
    h("small", null, text),
  );
}
