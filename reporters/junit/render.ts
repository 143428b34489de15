import builderExport from 'junit-report-builder'
import type { Builder, TestCase } from 'junit-report-builder'
import type { RunModel } from '../model.ts'
import { plainText } from '../text.ts'
import type { JUnitCase } from './case.ts'
import { junitSuites } from './cases.ts'

// The package is CommonJS and exports the builder itself; its types say `default`.
const builder = builderExport as unknown as Builder

/** The model as JUnit XML: one case for each bench test and one for each threshold. */
export function renderJUnit(model: RunModel): string {
  const report = builder.newBuilder().name(plainText(`${model.generator.name} ${model.generator.version}`))
  const uniqueName = uniqueNames()
  for (const suite of junitSuites(model)) {
    const element = report.testSuite().name(attribute(suite.name)).timestamp(suite.timestamp)
    element.time(seconds(suite.cases.reduce((sum, { seconds }) => sum + seconds, 0)))
    for (const { name, value } of suite.properties) element.property(attribute(name), attribute(value))
    for (const item of suite.cases) renderCase(element.testCase(), { ...item, name: uniqueName(item.classname, attribute(item.name)) })
  }
  // The builder counts skipped cases on the root too, where Jenkins' schema has no such attribute.
  return `${report.build().replace(/(<testsuites\b[^>]*?) skipped="\d+"/, '$1')}\n`
}

function renderCase(element: TestCase, item: JUnitCase): void {
  element.className(attribute(item.classname)).name(item.name).time(seconds(item.seconds))
  if (item.file !== undefined) element.file(attribute(item.file))
  for (const { name, value } of item.properties) element.property(attribute(name), attribute(value))
  const { outcome } = item
  if (outcome.kind === 'skipped') element.skipped()
  if (outcome.kind === 'failure') element.failure(attribute(outcome.message), attribute(outcome.type)).stacktrace(content(outcome.body))
  if (outcome.kind === 'error') element.error(attribute(outcome.message), attribute(outcome.type), content(outcome.body))
  if (item.output !== undefined) element.standardOutput(content(item.output))
}

/** Servers drop a case whose class and name they have seen: a second one gets ` (2)`. */
function uniqueNames(): (classname: string, name: string) => string {
  const used = new Set<string>()
  return (classname, name) => {
    let unique = name
    for (let n = 2; used.has(`${classname}\n${unique}`); n++) unique = `${name} (${n})`
    used.add(`${classname}\n${unique}`)
    return unique
  }
}

function attribute(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').trim()
}

/** The builder escapes only the first end of a CDATA section. */
function content(text: string): string {
  return plainText(text).replaceAll(']]>', ']] >')
}

function seconds(value: number): number {
  return Number(value.toFixed(3))
}
