import type { LaunchTargetSpec } from '../../dsl/launch.ts'
import type { ServerExit } from '../server.ts'

/** To the supervisor of a launched server. */
export type ToSupervisor = ({ readonly type: 'start' } & LaunchOrder) | { readonly type: 'stop' }

/** What is to be launched. */
export interface LaunchOrder {
  readonly spec: LaunchTargetSpec
  /** Absolute folder that relative paths of the spec resolve against. */
  readonly root: string
  /** Absolute path of the file for the server's output; its folder is created. */
  readonly logFile: string
}

/** From the supervisor; after `failed` or `exited` it ends by itself. */
export type FromSupervisor =
  | ({ readonly type: 'started' } & Family)
  /** What the server printed last; now and then, until it is ready. */
  | { readonly type: 'line'; readonly line: string }
  | {
      readonly type: 'ready'
      readonly ports: Readonly<Record<string, number>>
      readonly version?: string
      readonly notes: readonly string[]
    }
  | { readonly type: 'failed'; readonly message: string }
  | ({ readonly type: 'exited' } & ServerExit)

/** What tells a server's processes from all others. */
export interface Family {
  /** Id of its first process, of its group and of its session. */
  readonly leader: number
  /** Value of {@link MARK_VARIABLE} in its environment, which its children inherit. */
  readonly mark: string
}

export const MARK_VARIABLE = 'VITEST_LLM_BENCH_SERVER'
