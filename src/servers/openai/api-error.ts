/** A refusal in the shape of the OpenAI API. */
export class ApiError extends Error {
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly param: string | null

  constructor(status: number, message: string, details: { type?: string; code?: string; param?: string } = {}) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.type = details.type ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
    this.code = details.code ?? null
    this.param = details.param ?? null
  }

  /** As the API's body has it. */
  toJSON(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } }
  }
}
