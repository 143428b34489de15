/** What a client is to put on a server, and what the server is to do. */
export interface Load {
  /** Streams at once, or requests a second. */
  readonly arrivals:
    | { readonly kind: 'streams'; readonly streams: number; readonly rampUp: number }
    | { readonly kind: 'rate'; readonly rate: number }
  readonly requests: number
  /** Of each answer. */
  readonly tokens: number
  readonly ttftMs: number
  readonly itlMs: number
}

/** A closed loop of streams at 50 tokens a second, three requests each. */
export function streams(count: number, change: Partial<Load> & { readonly rampUp?: number } = {}): Load {
  const { rampUp = 1.5, ...rest } = change
  return { arrivals: { kind: 'streams', streams: count, rampUp }, requests: 3 * count, tokens: 128, ttftMs: 100, itlMs: 20, ...rest }
}

/** An open loop of short answers. */
export function rate(perSecond: number, seconds: number, change: Partial<Load> = {}): Load {
  return { arrivals: { kind: 'rate', rate: perSecond }, requests: perSecond * seconds, tokens: 4, ttftMs: 20, itlMs: 5, ...change }
}
