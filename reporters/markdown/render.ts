import type { ErrorModel, RunModel, TestModel } from '../model.ts'
import { benchOutcomes, GRAVITIES, ownErrors } from '../outcome.ts'
import type { BenchOutcome } from '../outcome.ts'
import { targetText } from '../run-facts.ts'
import { shorten } from '../text.ts'
import { benchBlock } from './bench.ts'
import { codeBlock, folded, htmlCode, inline, table } from './escape.ts'
import { MARKS, name, verdictLine } from './verdict-line.ts'

/** Hosts refuse comments of more than 65,536 characters; what a caller adds needs room too. */
const MAX_LENGTH = 59_500
/** Room for the sentence about what was left out. */
const LEFT_OUT_ROOM = 300
const ERROR_LENGTH = 1500
const AXES = 40

/**
 * The model as `report.md`: the verdict first, then each bench, those that have news in the open and the others folded. Always
 * shorter than 60,000 characters: what does not fit is left out, and a sentence says so.
 */
export function renderMarkdown(model: RunModel): string {
  const benches = benchOutcomes(model)
  const head = verdictLine(model, benches)
  const target = commonTarget(model)
  const blockOf = (outcome: BenchOutcome): string => benchBlock(outcome, target)
  const tail = [...environmentPart(model, target), footer(model)].join('\n\n')
  const page = new Page(MAX_LENGTH - head.length - tail.length - LEFT_OUT_ROOM)
  const sorted = benches.toSorted((a, b) => GRAVITIES.indexOf(a.gravity) - GRAVITIES.indexOf(b.gravity))
  const news = page.take([
    ...sorted.filter(({ gravity }) => gravity === 'bad').map(blockOf),
    ...errorBlocks(model),
    ...sorted.filter(({ gravity }) => gravity === 'doubtful' || gravity === 'better').map(blockOf),
  ])
  const quiet = sorted.filter(({ gravity }) => gravity === 'fine').map(blockOf)
  page.reserve(folded(quietTitle(quiet.length, news.length > 0), '').length)
  const shown = page.take(quiet)
  return `${[
    head,
    ...news,
    ...(shown.length === 0 ? [] : [folded(quietTitle(shown.length, news.length > 0), shown.join('\n\n'))]),
    ...(page.leftOut === 0
      ? []
      : [
          `**Left out** for length: ${page.leftOut.toLocaleString('en-US')} of the parts about single benches. All of them are in ${name(`${model.resultsFolder}/summary.json`)}.`,
        ]),
    tail,
  ].join('\n\n')}\n`
}

function quietTitle(count: number, besideNews: boolean): string {
  const benches = count === 1 ? '1 bench' : `${count.toLocaleString('en-US')} benches`
  return besideNews ? `${benches} without news` : benches
}

/** Counts what is left of a page's length. */
class Page {
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

/** Failed tests whose reason is no threshold and no comparison, and errors that belong to no test. */
function errorBlocks(model: RunModel): string[] {
  return [
    ...model.tests.flatMap((test) => ownErrors(test).map((error) => errorBlock(testTitle(test), error))),
    ...model.tests
      .filter(({ state }) => state === 'pending')
      .map((test) => `### ${MARKS.bad} ${testTitle(test)}\n\nThe test did not end: the run was cut short.`),
    ...model.unhandledErrors.map((error) => errorBlock(error.file === undefined ? 'Outside of tests' : name(error.file), error)),
  ]
}

function testTitle({ file, suites, name: test }: TestModel): string {
  return `${name([...suites, test].join(' > '))} · ${name(file)}`
}

function errorBlock(title: string, error: ErrorModel): string {
  const [first = '', ...rest] = shorten(error.message, ERROR_LENGTH).split('\n')
  const at = error.at === undefined ? '' : ` at ${name(error.at)}`
  const details = rest.join('\n').trim()
  return [
    `### ${MARKS.bad} ${title}`,
    `${inline(error.name)}${at}: ${inline(first)}`,
    ...(details === '' ? [] : [folded('more', codeBlock(details))]),
  ].join('\n\n')
}

/** What answered, where that is the same in all runs. */
function commonTarget({ tests }: RunModel): string | undefined {
  const targets = new Set(tests.flatMap(({ runs }) => runs.map(targetText)))
  return targets.size === 1 ? [...targets][0] : undefined
}

/** Axes that are digests, which tell a reader nothing, or that stand with the target or the environment. */
const TOLD_ELSEWHERE = /^(workload|dataset|target|model|engine\.name|engine\.version|environment\..*)$/

/** What was told of the environment, and what all runs have in common; what single benches differ in stands with them. */
function environmentPart({ environment, tests }: RunModel, target: string | undefined): string[] {
  const cohorts = tests.flatMap(({ runs }) => runs.map(({ cohort }) => cohort))
  const common = Object.entries(cohorts[0] ?? {}).filter(
    ([axis, value]) => !TOLD_ELSEWHERE.test(axis) && cohorts.every((cohort) => cohort[axis] === value),
  )
  const rows = [...(target === undefined ? [] : [['target', target] as const]), ...Object.entries(environment), ...common]
  if (rows.length === 0) return []
  const cells = rows.slice(0, AXES).map(([axis, value]) => [name(axis), name(shorten(value, 200))])
  return [folded('Environment', table(['', ''], ['left', 'left'], cells))]
}

function footer({ generator, vitestVersion, startedAt, durationMs, resultsFolder }: RunModel): string {
  const time = startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
  const facts = [
    `${generator.name} ${generator.version}`,
    `Vitest ${vitestVersion}`,
    time,
    `${Math.round(durationMs / 1000).toLocaleString('en-US')} s`,
  ]
  return `<sub>${facts.map((fact) => inline(fact)).join(' · ')} · results in ${htmlCode(resultsFolder)}</sub>`
}
