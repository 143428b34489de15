/** Phase in which a run that is over counts the tokens that its server did not. */
export const COUNTING = 'counting tokens'

/** Phases of a load on a server, in their order: the load is in the earliest that one of its workers is in. */
export const PHASES = ['loading', 'warm-up', 'connecting', 'ramp-up', 'running', 'draining', COUNTING, 'done'] as const
