import { told } from './told'

/** What the server answers when something cannot be done; every one says what to do next. */
export interface ProblemFacts {
  code: string
  message: string
  field?: string
  setting?: string
  next?: string
  [more: string]: unknown
}

/** It tells what the server said in the reader's language, whenever it is asked. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    private readonly answer: ProblemFacts,
  ) {
    super()
    Object.defineProperty(this, 'message', { get: () => told(answer.message) })
  }

  get facts(): ProblemFacts {
    const { message, next } = this.answer
    return { ...this.answer, message: told(message), next: next && told(next) }
  }

  get code(): string {
    return this.answer.code
  }

  /** {field: sentence} of a refused input. */
  get fields(): Record<string, string> {
    const { field, fields = {} } = this.answer as { field?: string; fields?: Record<string, string> }
    const found = Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, told(text)]))
    return field && !found[field] ? { ...found, [field]: this.message } : found
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
