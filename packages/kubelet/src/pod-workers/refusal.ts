/** Why the node does not take a pod, or ends it. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
  /** The pod had to make room: it is told so by a condition, with a text of its own or the message. */
  readonly disruption?: boolean | string;
}
