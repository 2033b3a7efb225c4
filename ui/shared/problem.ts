/** What the server answers when something cannot be done; every one says what to do next. */
export interface ProblemFacts {
  code: string
  message: string
  field?: string
  setting?: string
  next?: string
  [more: string]: unknown
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly facts: ProblemFacts,
  ) {
    super(facts.message)
  }

  get code(): string {
    return this.facts.code
  }

  /** {field: sentence} of a refused input. */
  get fields(): Record<string, string> {
    const fields = (this.facts.fields ?? {}) as Record<string, string>
    return this.facts.field && !fields[this.facts.field]
      ? { ...fields, [this.facts.field]: this.message }
      : fields
  }

  /** The sentence, and the next step after it. */
  get told(): string {
    return [this.message, this.facts.next].filter(Boolean).join(' ')
  }
}

/** No answer at all: the server or the network is away. */
export const UNREACHABLE = 'unreachable'

/** Any thrown thing as a Problem, so that pages need to know only one kind. */
export function problemOf(reason: unknown): Problem {
  if (reason instanceof Problem) return reason
  return new Problem(0, {
    code: 'failed',
    message: reason instanceof Error ? reason.message : String(reason),
  })
}

export const isAbort = (reason: unknown): boolean =>
  reason instanceof DOMException && reason.name === 'AbortError'
