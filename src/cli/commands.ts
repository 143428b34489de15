import { accept } from './accept.ts'
import { bisect } from './bisect.ts'
import type { Command } from './command.ts'
import { comment } from './comment.ts'
import { compare } from './compare.ts'
import { history } from './history.ts'
import { reset } from './reset.ts'
import { serve } from './serve.ts'

/** Every command, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [serve, compare, history, accept, reset, bisect, comment]
