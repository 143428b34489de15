import type { ErrorModel, RunModel, TestModel } from '../model.ts'
import { benchOutcomes, ownErrors } from '../outcome.ts'
import type { BenchOutcome } from '../outcome.ts'
import { targetText } from '../run-facts.ts'
import { shorten } from '../text.ts'
import { benchBlock } from './bench.ts'
import { codeBlock, folded, htmlCode, inline, table } from './escape.ts'
import { blocksOf, renderPage } from './page.ts'
import { MARKS, name, verdictLine } from './verdict-line.ts'

const ERROR_LENGTH = 1500
const AXES = 40

/**
 * The model as `report.md`: the verdict first, then each bench, those that have news in the open and the others folded. Always
 * shorter than 60,000 characters: what does not fit is left out, and a sentence says so.
 */
export function renderMarkdown(model: RunModel): string {
  const benches = benchOutcomes(model)
  const target = commonTarget(model)
  const blockOf = (outcome: BenchOutcome): string => benchBlock(outcome, target)
  return renderPage({
    head: verdictLine(model, benches),
    bad: [...blocksOf(benches, ['bad'], blockOf), ...errorBlocks(model)],
    notable: blocksOf(benches, ['doubtful', 'better'], blockOf),
    quiet: blocksOf(benches, ['fine'], blockOf),
    tail: [...environmentPart(model, target), footer(model)],
    whole: `All of them are in ${name(`${model.resultsFolder}/summary.json`)}.`,
  })
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

/** Axes that stand with the bench, the target or the environment. */
const TOLD_ELSEWHERE = /^(?:(?:workload|dataset|environment)(?:\..*)?|target|model|engine\.name|engine\.version)$/

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
