// Compiles src/ and reporters/ into dist/. Stale output is removed first, so that a deleted module can't be imported.
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { summaryJSONSchema } from '../reporters/json/schema.ts'

rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
writeFileSync('dist/summary.schema.json', `${JSON.stringify(summaryJSONSchema(), null, 2)}\n`)
