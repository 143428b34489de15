// What is copied into other repositories: its form, and its shell, which is run.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Ended {
  readonly code: number
  readonly output: string
}

function bash(script: string, cwd: string, env: Record<string, string>): Ended {
  const { PATH } = process.env
  try {
    // As GitHub runs `shell: bash`.
    return {
      code: 0,
      output: execFileSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
        cwd,
        env: { PATH, ...env },
        encoding: 'utf8',
      }),
    }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, output: stdout + stderr }
  }
}

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'llm-bench-action-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0

/** Whether bash can read a script, and the linter, where there is one, has nothing against it. */
function isShell(script: string): boolean {
  execFileSync('bash', ['-n', '-c', script], { stdio: 'pipe' })
  if (hasShellcheck) execFileSync('shellcheck', ['--shell=bash', '-'], { input: script, stdio: 'pipe', encoding: 'utf8' })
  return true
}

describe('action.yml', () => {
  const step = z.union([
    z.strictObject({
      id: z.string().optional(),
      name: z.string(),
      if: z.string().optional(),
      shell: z.literal('bash'),
      'working-directory': z.string(),
      env: z.record(z.string(), z.string()),
      run: z.string(),
    }),
    z.strictObject({
      id: z.string().optional(),
      name: z.string(),
      if: z.string().optional(),
      uses: z.string().regex(/^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/),
      with: z.record(z.string(), z.string()),
    }),
  ])
  const action = z
    .strictObject({
      name: z.string(),
      description: z.string().max(125),
      author: z.string(),
      branding: z.strictObject({
        icon: z.string(),
        color: z.enum(['white', 'yellow', 'blue', 'green', 'orange', 'red', 'purple', 'gray-dark']),
      }),
      inputs: z.record(z.string().regex(/^[a-z][a-z-]*$/), z.strictObject({ description: z.string(), default: z.string() })),
      outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
      runs: z.strictObject({ using: z.literal('composite'), steps: z.array(step) }),
    })
    .parse(parse(read('action.yml')))
  const scripts = action.runs.steps.flatMap((one) => ('run' in one ? [one] : []))
  const scriptOf = (name: string): string => scripts.find((one) => one.name === name)!.run

  test('refers to inputs and steps that there are, and lets no input into a script', () => {
    const { steps } = action.runs
    const ids = new Set(steps.map(({ id }) => id))
    for (const [, expression] of JSON.stringify(action).matchAll(/\$\{\{(.*?)\}\}/g)) {
      for (const [, input] of expression!.matchAll(/inputs\.([\w-]+)/g)) expect(action.inputs).toHaveProperty([input!])
      for (const [, id] of expression!.matchAll(/steps\.([\w-]+)/g)) expect(ids).toContain(id)
    }
    for (const { run, env } of scripts) {
      expect(run).not.toContain('${{')
      for (const [, name] of run.matchAll(/\$(BENCH_\w+)/g)) expect(env).toHaveProperty([name!])
      expect(isShell(run)).toBe(true)
    }
  })

  test.for([0, 1, 130])('hands on the exit code %i of the command, with what it left', (code) => {
    const folder = folderOf()
    const output = join(folder, 'output')
    const command = `mkdir -p bench-results/2026-03-01T12-00-00Z && ln -sfn 2026-03-01T12-00-00Z bench-results/latest; exit ${code}`
    const env = { BENCH_COMMAND: command, BENCH_RESULTS: 'bench-results', GITHUB_OUTPUT: output }
    expect(bash(scriptOf('Run the suite'), folder, env).code).toBe(code)
    expect(readFileSync(output, 'utf8')).toBe(`exit-code=${code}\nresults=bench-results/2026-03-01T12-00-00Z\n`)
    // Results that were there before are none of this run's.
    rmSync(output)
    expect(bash(scriptOf('Run the suite'), folder, { ...env, BENCH_COMMAND: 'false | true' }).code).toBe(1)
    expect(readFileSync(output, 'utf8')).toBe('exit-code=1\n')
  })

  test('finds results where links can not be made', () => {
    const folder = folderOf()
    const env = {
      BENCH_COMMAND: 'mkdir results; echo 2026-03-01T12-00-00Z > results/latest.txt',
      BENCH_RESULTS: 'results',
      GITHUB_OUTPUT: join(folder, 'output'),
    }
    expect(bash(scriptOf('Run the suite'), folder, env)).toEqual({ code: 0, output: '' })
    expect(readFileSync(env.GITHUB_OUTPUT, 'utf8')).toBe('exit-code=0\nresults=results/2026-03-01T12-00-00Z\n')
  })

  test('calls the command line with inputs as they are, and fails with nothing that it says', () => {
    const folder = folderOf()
    writeFileSync(join(folder, 'cli.sh'), 'printf "<%s>" "$@"; exit "${CODE:-0}"')
    const env = {
      BENCH_CLI: 'bash cli.sh',
      BENCH_RESULTS: 'bench results/x',
      BENCH_COMMENT: 'auto',
      BENCH_KEY: 'a "$(id)" `id`',
      GITHUB_TOKEN: 'secret',
    }
    const all = '<comment><bench results/x><--provider><github><--when><auto><--key><a "$(id)" `id`>'
    expect(bash(scriptOf('Tell the pull request'), folder, env)).toEqual({ code: 0, output: all })
    const failed = bash(scriptOf('Tell the pull request'), folder, { ...env, CODE: '2' })
    expect(failed).toEqual({ code: 0, output: expect.stringContaining('::warning title=vitest-llm-bench::') as string })
  })
})

test('the job for GitLab has the form that GitLab reads', () => {
  const job = z.strictObject({
    image: z.string(),
    stage: z.string(),
    rules: z.array(z.strictObject({ if: z.string() })),
    resource_group: z.string(),
    before_script: z.array(z.string()),
    script: z.array(z.string()),
    after_script: z.array(z.string()),
    artifacts: z.strictObject({
      when: z.literal('always'),
      expire_in: z.string(),
      paths: z.array(z.string()),
      reports: z.strictObject({ junit: z.string() }),
    }),
  })
  const { before_script, script, after_script } = z.strictObject({ 'llm-bench': job }).parse(parse(read('integrations/gitlab.yml')))[
    'llm-bench'
  ]
  for (const line of [...before_script, ...script, ...after_script]) expect(isShell(line)).toBe(true)
})

test('the Jenkinsfile closes what it opens, and its shell can be read', () => {
  const text = read('integrations/Jenkinsfile')
  const strings = [...text.matchAll(/'''([\s\S]*?)'''|'([^'\n]*)'/g)]
  for (const [, block, line] of text.matchAll(/\bsh (?:'''([\s\S]*?)'''|'([^'\n]*)')/g)) expect(isShell(block ?? line!)).toBe(true)
  expect(strings.length).toBeGreaterThan(5)
  const code = text.replaceAll(/'''[\s\S]*?'''|'[^'\n]*'/g, "''").replaceAll(/\/\/.*$/gm, '')
  const open: string[] = []
  for (const [sign] of code.matchAll(/[{}()[\]]/g)) {
    if ('{(['.includes(sign)) open.push(sign)
    else expect(`${open.pop()}${sign}`).toMatch(/^(?:\{\}|\(\)|\[\])$/)
  }
  expect(open).toEqual([])
  expect(code).toMatch(/^\s*pipeline \{/)
})
