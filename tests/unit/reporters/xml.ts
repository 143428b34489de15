import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const schema = fileURLToPath(new URL('junit-10-extended.xsd', import.meta.url))

/** Whether this machine can validate XML. */
export const hasXmllint = ((): boolean => {
  try {
    execFileSync('xmllint', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** What xmllint says against a report; empty where it is valid. */
export function xmlProblems(xml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'llm-bench-xsd-'))
  try {
    const file = join(folder, 'junit.xml')
    writeFileSync(file, xml)
    execFileSync('xmllint', ['--noout', '--schema', schema, file], { stdio: 'pipe' })
    return ''
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A test case as a CI server reads it. */
export interface ReadCase {
  classname: string
  name: string
  file: string | undefined
  time: string | undefined
  properties: Record<string, string>
  failures: { message: string; type: string; text: string }[]
  errors: { message: string; type: string; text: string }[]
  skipped: boolean
  output: string | undefined
}

/** Reads the cases of a report that is known to be well-formed. */
export function readCases(xml: string): ReadCase[] {
  return [...xml.matchAll(/<testcase ((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, head = '', body = '']) => {
    const outcomes = (tag: string): ReadCase['failures'] =>
      [...body.matchAll(new RegExp(`<${tag} ((?:[^>"]|"[^"]*")*?)><!\\[CDATA\\[([\\s\\S]*?)\\]\\]></${tag}>`, 'g'))].map(
        ([, attributes = '', text = '']) => ({
          message: attribute(attributes, 'message') ?? '',
          type: attribute(attributes, 'type') ?? '',
          text,
        }),
      )
    return {
      classname: attribute(head, 'classname') ?? '',
      name: attribute(head, 'name') ?? '',
      file: attribute(head, 'file'),
      time: attribute(head, 'time'),
      properties: Object.fromEntries(
        [...body.matchAll(/<property ((?:[^>"]|"[^"]*")*?)\/>/g)].map(([, attributes = '']) => [
          attribute(attributes, 'name'),
          attribute(attributes, 'value'),
        ]),
      ) as Record<string, string>,
      failures: outcomes('failure'),
      errors: outcomes('error'),
      skipped: body.includes('<skipped/>'),
      output: /<system-out><!\[CDATA\[([\s\S]*?)\]\]><\/system-out>/.exec(body)?.[1],
    }
  })
}

function attribute(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1]
  return value?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
