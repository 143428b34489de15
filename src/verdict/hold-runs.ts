import { counted } from '../counted.ts'
import type { CheckedHold } from './check-hold.ts'
import { clausesFor } from './check-hold.ts'
import type { Clause } from './clause.ts'
import { differences, differenceText, isAxisOf } from './cohort.ts'
import type { AxisDifference } from './cohort.ts'
import { compareRuns } from './compare.ts'
import type { ComparePlan } from './compare.ts'
import { holdingOf } from './hold.ts'
import { degradedNotes } from './hold-notes.ts'
import type { Holding } from './holding.ts'
import type { RunSample } from './run-sample.ts'

/** Runs of one bench on one side of a comparison. */
export interface Side {
  /** In words: `v1`. */
  readonly name: string
  /** Of one cohort. */
  readonly runs: readonly RunSample[]
}

/** What two sides are held against one another by. */
export interface HoldTerms {
  readonly hold: CheckedHold
  /** The clauses that runs of both sides are compared by (default: {@link clausesFor}). */
  readonly clauses?: (reference: readonly RunSample[], measured: readonly RunSample[]) => readonly Clause[]
  /** When is looked, for sides with so many runs now (default: now only). */
  readonly looks?: (reference: number, measured: number) => ComparePlan['looks']
}

/** Holds the runs of one side against those of the other; what can't be compared is said and not judged. */
export function holdRuns(
  reference: Side,
  measured: Side,
  { hold, clauses = (...sides) => clausesFor(hold, ...sides), looks = (...counts) => [counts] }: HoldTerms,
): Holding {
  const bench = (measured.runs[0] ?? reference.runs[0])!.bench.name
  const [then, now] = [usable(reference), usable(measured)]
  const facts = {
    bench,
    attempt: 0,
    matcher: 'toHoldAgainst' as const,
    against: reference.name,
    inconclusive: hold.inconclusive,
    differences: [] as AxisDifference[],
    notes: [then, now].flatMap(leftOut),
  }
  const mute = [then, now].find(({ usable }) => usable.length === 0)
  if (mute !== undefined) {
    const notes = [...facts.notes, `${mute.name} has no run that could be compared.`]
    return { ...facts, notes, state: 'invalid', comparisons: [] }
  }
  const [theirs, ours] = [then.usable, now.usable]
  const differ = differences(theirs[0]!.cohort, ours[0]!.cohort)
  const strange = differ.filter(({ axis }) => !isAxisOf(axis, hold.across))
  if (strange.length > 0) {
    const notes = [...facts.notes, `They are of different cohorts and are not compared: ${strange.map(differenceText).join(', ')}.`]
    return { ...facts, differences: strange, notes, state: 'error', comparisons: [] }
  }
  const asked = clauses(theirs, ours)
  const { falseAlarm, miss } = hold
  const plan = {
    looks: looks(theirs.length, ours.length),
    ...(falseAlarm === undefined ? {} : { falseAlarm }),
    ...(miss === undefined ? {} : { miss }),
  }
  const notes = [
    ...facts.notes,
    ...[then, now].flatMap(({ name, usable }) => degradedNotes(name, usable)),
    ...(asked.length === 0 ? ['There is no figure that all runs have and their samples support.'] : []),
  ]
  return holdingOf(
    { ...facts, differences: differ, notes },
    compareRuns(theirs, ours, asked, plan, { bench, attempt: 0, against: reference.name }),
  )
}

/** Whether a run's figures are its server's, and whole. */
function isUsable({ partial, validity }: RunSample): boolean {
  return !partial && validity !== 'client-bound'
}

type Usable = Side & { readonly usable: readonly RunSample[] }

function usable(side: Side): Usable {
  return { ...side, usable: side.runs.filter(isUsable) }
}

function leftOut({ name, runs }: Usable): string[] {
  return [
    { what: 'cut short', count: runs.filter(({ partial }) => partial).length },
    { what: 'client-bound', count: runs.filter(({ partial, validity }) => !partial && validity === 'client-bound').length },
  ]
    .filter(({ count }) => count > 0)
    .map(({ what, count }) => `${counted(count, 'run')} of ${name} ${count === 1 ? 'is' : 'are'} left out: ${what}.`)
}
