/**
 * Which rows of a long table are in sight as the page is scrolled. Holds: all rows are of one height, and those before and behind take the
 * place that they would have.
 */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface RowsInSight {
  /** Of the part of the table that has the rows. */
  readonly body: RefObject<HTMLTableSectionElement | null>;
  readonly from: number;
  readonly to: number;
  readonly rowHeight: number;
}

/** Tables of no more rows are drawn whole. */
export const DRAWN_WHOLE = 100;
/** Before any was measured. */
const FIRST_HEIGHT = 30;
/** So many more on each side: scrolling finds them there, and so does who goes on by the Tab key. */
const BEYOND = 20;
/** Windows begin at multiples of this, so that not every pixel makes another one. */
const STEP = 10;

export function useRowsInSight(count: number): RowsInSight {
  const body = useRef<HTMLTableSectionElement>(null);
  const [rowHeight, setRowHeight] = useState(FIRST_HEIGHT);
  const [first, setFirst] = useState(0);
  const isWhole = count <= DRAWN_WHOLE;
  const inSight = Math.ceil(window.innerHeight / rowHeight);

  useLayoutEffect(() => {
    if (isWhole) return undefined;
    const look = () => {
      const above = -(body.current?.getBoundingClientRect().top ?? 0) / rowHeight;
      setFirst(Math.floor(Math.max(0, above) / STEP) * STEP);
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [isWhole, rowHeight, count]);
  useLayoutEffect(() => {
    const measured = body.current?.querySelector("tr[aria-rowindex]")?.getBoundingClientRect().height;
    if (!isWhole && measured) setRowHeight(measured);
  });

  if (isWhole) return { body, from: 0, to: count, rowHeight };
  const from = Math.max(0, Math.min(first, count - inSight) - BEYOND);
  return { body, from, to: Math.min(count, from + inSight + STEP + 2 * BEYOND), rowHeight };
}
