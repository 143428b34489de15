import { ApiError } from '../openai/api-error.ts'

/** What requests that are to fail are told. */
export const SIMULATED_ERROR = new ApiError(500, 'simulated: the engine failed', { code: 'simulated' })

export const SIMULATED_OVERLOAD = new ApiError(429, 'simulated: too many requests', { type: 'rate_limit_error', code: 'simulated' })
