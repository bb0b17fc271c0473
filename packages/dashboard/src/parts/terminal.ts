/** A terminal on the page, which is loaded once it is needed. It has the colours of the page and the size of its place. */
import type { ITheme } from "@xterm/xterm";

export interface TerminalListener {
  onInput(text: string): void;
  onResize(columns: number, rows: number): void;
}

export interface PageTerminal {
  columns(): number;
  rows(): number;
  write(bytes: Uint8Array): void;
  focus(): void;
  /** What comes is told to screen readers; some ways of typing do not work then. */
  readAloud(isOn: boolean): void;
  listen(listener: TerminalListener): void;
  close(): void;
}

export async function openTerminal(place: HTMLElement): Promise<PageTerminal> {
  const [{ Terminal }, { FitAddon }] = await Promise.all([import("@xterm/xterm"), import("@xterm/addon-fit")]);
  const terminal = new Terminal({
    cursorBlink: true,
    fontFamily: getComputedStyle(place).getPropertyValue("--code"),
    fontSize: 13,
    scrollback: 5000,
    theme: themeOf(place),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  fit.fit();
  // Tab is the shell's; there has to be another way out for those who use the keyboard alone.
  terminal.attachCustomKeyEventHandler(({ key, shiftKey }) => !(key === "Tab" && shiftKey));
  const sized = new ResizeObserver(() => fit.fit());
  sized.observe(place);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    terminal.options.theme = themeOf(place);
  };
  scheme.addEventListener("change", recolour);
  return {
    columns: () => terminal.cols,
    rows: () => terminal.rows,
    write: (bytes) => terminal.write(bytes),
    focus: () => terminal.focus(),
    readAloud(isOn) {
      terminal.options.screenReaderMode = isOn;
    },
    listen({ onInput, onResize }) {
      terminal.onData(onInput);
      terminal.onResize(({ cols, rows }) => onResize(cols, rows));
    },
    close() {
      sized.disconnect();
      scheme.removeEventListener("change", recolour);
      terminal.dispose();
    },
  };
}

function themeOf(place: HTMLElement): ITheme {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    background: colour("front"),
    foreground: colour("text"),
    cursor: colour("accent"),
    cursorAccent: colour("front"),
    selectionBackground: `${colour("accent")}55`,
    red: colour("bad"),
    green: colour("good"),
    yellow: colour("busy"),
    blue: colour("accent"),
  };
}
