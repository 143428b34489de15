import { GRAVITIES } from '../outcome.ts'
import type { BenchOutcome, Gravity } from '../outcome.ts'
import { folded } from './escape.ts'

/** Hosts refuse comments of more than 65,536 characters; what a caller adds needs room too. */
const MAX_LENGTH = 59_500
/** Room for the sentence about what was left out. */
const LEFT_OUT_ROOM = 300

/** A page that ends in a comment; all parts are Markdown. */
export interface PageParts {
  readonly head: string
  /** Shown first, in the open. */
  readonly bad: readonly string[]
  /** Shown next, in the open. */
  readonly notable: readonly string[]
  /** Folded. */
  readonly quiet: readonly string[]
  readonly tail: readonly string[]
  /** A sentence that says where a reader finds what was left out. */
  readonly whole: string
}

/** Blocks of the benches of some gravities, the gravest first. */
export function blocksOf(
  benches: readonly BenchOutcome[],
  gravities: readonly Gravity[],
  blockOf: (outcome: BenchOutcome) => string,
): string[] {
  return GRAVITIES.filter((gravity) => gravities.includes(gravity)).flatMap((gravity) =>
    benches.filter((bench) => bench.gravity === gravity).map(blockOf),
  )
}

/** The page, always shorter than 60,000 characters: what does not fit is left out, and a sentence says so. */
export function renderPage({ head, bad, notable, quiet, tail, whole }: PageParts): string {
  const end = tail.join('\n\n')
  const room = new Room(MAX_LENGTH - head.length - end.length - LEFT_OUT_ROOM)
  const news = room.take([...bad, ...notable])
  room.reserve(folded(quietTitle(quiet.length, news.length > 0), '').length)
  const shown = room.take(quiet)
  return `${[
    head,
    ...news,
    ...(shown.length === 0 ? [] : [folded(quietTitle(shown.length, news.length > 0), shown.join('\n\n'))]),
    ...(room.leftOut === 0
      ? []
      : [`**Left out** for length: ${room.leftOut.toLocaleString('en-US')} of the parts about single benches. ${whole}`]),
    ...(end === '' ? [] : [end]),
  ].join('\n\n')}\n`
}

function quietTitle(count: number, besideNews: boolean): string {
  const benches = count === 1 ? '1 bench' : `${count.toLocaleString('en-US')} benches`
  return besideNews ? `${benches} without news` : benches
}

/** Counts what is left of a page's length. */
class Room {
  #left: number
  leftOut = 0

  constructor(length: number) {
    this.#left = length
  }

  reserve(length: number): void {
    this.#left -= length
  }

  /** The parts that fit; a shorter one may still do where a longer one did not. */
  take(parts: readonly string[]): string[] {
    return parts.filter((part) => {
      const fits = part.length + 2 <= this.#left
      if (fits) this.#left -= part.length + 2
      else this.leftOut++
      return fits
    })
  }
}
