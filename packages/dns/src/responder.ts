/**
 * From the bytes of a query to the bytes of its answer, whatever the transport: from the cluster's records, else from upstream servers.
 * Holds: every query that can be read is answered; without upstream servers a foreign name does not exist, at once, so that no program
 * waits for a world that is not there.
 */
import type { ClusterRecords } from "./cluster-records.ts";
import type { DnsMetrics } from "./dns-metrics.ts";
import { DEFAULT_UDP_SIZE, OUR_UDP_SIZE, type Query, readQuery, walkRecords, writeAnswer } from "./message.ts";
import { type Answer, CLASS_IN, type Question, type Rdata, type ResourceRecord, rcode, type } from "./record.ts";
import { type ResolveOptions, resolve } from "./resolve.ts";
import type { Upstream } from "./upstream.ts";

interface ResponderOptions extends ResolveOptions {
  readonly records: ClusterRecords;
  /** All of the cluster is known. */
  isReady(): boolean;
  /** Who answers for names that are not the cluster's; undefined where nobody does. */
  upstreamFor?(name: string): Upstream | undefined;
  /** What stands at a name beside the cluster's. */
  hostsAt?(name: string): readonly Rdata[] | undefined;
  readonly metrics?: DnsMetrics;
}

const REFUSAL: Omit<Answer, "rcode"> = { authoritative: false, answers: [] };

export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** At once where it can be; a promise where others are asked; undefined for what deserves no answer. */
  respond(message: Buffer, transport: "udp" | "tcp"): Buffer | Promise<Buffer> | undefined {
    const query = readQuery(message);
    if (!query) return undefined;
    this.#options.metrics?.asked(transport, query.question?.type ?? 0);
    const answer = this.#answer(query, message, transport);
    if (answer instanceof Promise) return answer.then((done) => this.#counted(done));
    return this.#counted(answer);
  }

  #counted(answer: Buffer): Buffer {
    this.#options.metrics?.answered((answer[3] ?? 0) & 0xf);
    return answer;
  }

  #answer(query: Query, message: Buffer, transport: "udp" | "tcp"): Buffer | Promise<Buffer> {
    const write = (answer: Answer) => writeAnswer(query, answer, transport === "udp" ? udpLimit(query) : undefined);
    const { question, problem } = query;
    if (problem || !question) return write({ ...REFUSAL, rcode: problem || rcode.formErr });
    if (question.class !== CLASS_IN || question.type === type.AXFR) return write({ ...REFUSAL, rcode: rcode.refused });
    const { records, isReady, upstreamFor = () => undefined } = this.#options;
    if (!isReady()) return write({ ...REFUSAL, rcode: rcode.servFail });
    const resolved = resolve(records, question, this.#options);
    const outside = resolved?.alias && upstreamFor(resolved.alias.toLowerCase());
    if (resolved?.alias && outside)
      return this.#followOut(outside, question, resolved.alias, resolved.answer, transport).then(write);
    if (resolved) return write(resolved.answer);
    const name = question.name.toLowerCase();
    const known = this.#hosts(question, name);
    if (known) return write(known);
    const upstream = upstreamFor(name);
    if (!upstream) return write({ ...REFUSAL, rcode: rcode.nxDomain });
    return upstream
      .ask(message, question, transport)
      .then((answer) => answer ?? write({ ...REFUSAL, rcode: rcode.servFail }));
  }

  #hosts(question: Question, name: string): Answer | undefined {
    const { ttl, hostsAt = () => undefined } = this.#options;
    const matching = hostsAt(name)?.filter(({ type: kind }) => question.type === type.ANY || question.type === kind);
    const answers = matching?.map((data) => ({ name: question.name, data, ttl }));
    return answers && { rcode: rcode.noError, authoritative: true, answers };
  }

  /** Adds what the world says of an alias to the answer; without an answer from there the alias stands alone. */
  async #followOut(
    upstream: Upstream,
    question: Question,
    alias: string,
    answer: Answer,
    transport: "udp" | "tcp",
  ): Promise<Answer> {
    const asked = { ...question, name: alias };
    const found = await upstream.ask(writeQuestion(asked), asked, transport);
    return { ...answer, answers: [...answer.answers, ...(found ? addressesIn(found, alias) : [])] };
  }
}

const udpLimit = ({ edns }: Query): number =>
  edns ? Math.min(Math.max(edns.udpSize, DEFAULT_UDP_SIZE), OUR_UDP_SIZE) : DEFAULT_UDP_SIZE;

function writeQuestion(question: Question): Buffer {
  const query: Query = { id: 0, recursionDesired: true, question, problem: 0, edns: undefined };
  const message = writeAnswer(query, { rcode: 0, authoritative: false, answers: [] });
  message.writeUInt16BE(0x0100, 2);
  return message;
}

/** The addresses of an answer, all under the name that was asked: what lay between is of no use to who asked. */
function addressesIn(message: Buffer, name: string): ResourceRecord[] {
  const start = readQuestionEnd(message);
  const records = walkRecords(message, start, message.readUInt16BE(6)) ?? [];
  return records.flatMap(({ type: kind, at, end }) =>
    kind === type.A || kind === type.AAAA
      ? [
          {
            name,
            data: { type: kind, address: Uint8Array.from(message.subarray(at + 10, end)) },
            ttl: message.readUInt32BE(at + 4),
          },
        ]
      : [],
  );
}

function readQuestionEnd(message: Buffer): number {
  let at = 12;
  while (message[at]) at += (message[at] as number) + 1;
  return at + 5;
}
