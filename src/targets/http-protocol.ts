import type { HttpTargetSpec } from '../dsl/http-target.ts'
import type { AnswerSink } from './answer.ts'
import type { Probe } from './probe.ts'
import type { GenerateRequest, RequestOption, TargetInfo } from './target.ts'

/**
 * Tells a sink what the JSON of one event says. It keeps nothing from one event to the next: events that differ by their text
 * alone are then told by their bytes, without it.
 * @throws {WireError} `protocol` where it makes no sense
 */
export type Decode = (json: string, sink: AnswerSink) => void

/** How a streamed answer is cut into events: server-sent events, or one JSON on a line. */
export type Framing = 'sse' | 'ndjson'

/** One request of a protocol, before the user's `extraBody` is laid over its body. */
export interface ProtocolRequest {
  /** Follows the base path. */
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * A wire protocol over HTTP that streams JSON: what is the protocol's own, and nothing else. {@link httpTarget} makes a target
 * of it.
 */
export interface HttpProtocol<Spec extends HttpTargetSpec = HttpTargetSpec> {
  /** The call that users write, for messages: `'openai()'`. */
  readonly call: string
  readonly framing: Framing
  /** What its requests have no field for. A workload that asks for it is refused; `request` never sees it. */
  readonly lacks?: readonly RequestOption[]
  /** Whether an answer tells why it finished (default); where none does, one is over when its body is. */
  readonly tellsFinish?: boolean
  /** The path that all others follow, made from that of the base URL, which ends without a slash; left out, it is that one. */
  basePath?(path: string): string
  /** What is sent. A field of the body that is undefined is left out, so that the server's own default holds. */
  request(asked: GenerateRequest, spec: Spec, model: string | undefined): ProtocolRequest
  /** Tells what an event of a streamed answer says. */
  readonly decode: Decode
  /**
   * Top-level keys whose strings and whole numbers `decode` never looks at, though they differ from event to event or from answer
   * to answer: such events are then known by their bytes.
   */
  readonly incidental?: readonly string[]
  /** Tells what an answer in one piece says; left out, it is read like an event. */
  readonly decodeWhole?: Decode
  /**
   * Asks the server what it is, without making it generate.
   * @throws {LlmBenchError} `TARGET` where requests would fail
   */
  probe(probe: Probe<Spec>): Promise<TargetInfo>
  /**
   * A short streamed answer as a server writes it, from the first event to the last: lets code be warm before the clock starts.
   * The second of several events is a token, which is sent again and again there.
   */
  readonly sampleAnswer: string
}
