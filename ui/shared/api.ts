import { t } from './i18n'
import { Problem, UNREACHABLE, isAbort, type ProblemFacts } from './problem'

export interface ApiOptions {
  /** Headers that every request carries, e.g. the token against cross-site requests. */
  headers: () => Record<string, string>
  /** Called when the server says that nobody is signed in (any more). */
  signedOut?: () => void
}

export type Query = Record<string, string | number | undefined | null>

/** The JSON API. All addresses are relative to the page, wherever it is served. */
export function createApi(options: ApiOptions) {
  async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json', ...options.headers() }
    const file = body instanceof Blob
    if (method !== 'GET') headers['Content-Type'] = file ? 'application/octet-stream' : 'application/json'
    const payload = method === 'GET' ? undefined : file ? body : JSON.stringify(body ?? {})
    const answer = await reached(() => fetch(`api/${path}`, { method, headers, body: payload, signal }))
    if (answer.ok) return answer
    const problem = new Problem(answer.status, await factsOf(answer))
    if (answer.status === 401) options.signedOut?.()
    throw problem
  }

  async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const answer = await send(method, path, body, signal)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }

  return {
    get: <T>(path: string, query: Query = {}, signal?: AbortSignal) =>
      request<T>('GET', path + queryText(query), undefined, signal),
    /** A body that is a file is sent as it is. */
    post: <T>(path: string, body?: unknown) => request<T>('POST', path, body),
    /** A file that the server makes: its name and what is in it. */
    file: async (path: string, body: unknown) => {
      const answer = await send('POST', path, body)
      const [, name = 'file'] =
        /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '') ?? []
      return { name, content: await answer.blob() }
    },
    remove: <T>(path: string) => request<T>('DELETE', path),
    headers: options.headers,
  }
}

export type Api = ReturnType<typeof createApi>

export function queryText(query: Query): string {
  const known = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  )
  const text = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString()
  return text && `?${text}`
}

async function reached(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send()
  } catch (reason) {
    if (isAbort(reason)) throw reason
    throw new Problem(0, {
      code: UNREACHABLE,
      message: t('problem.unreachable'),
      next: t('problem.unreachable_next'),
    })
  }
}

/** What an error answer says. A relay or proxy may answer without JSON: then the status alone speaks. */
export async function factsOf(answer: { status: number; json(): Promise<unknown> }): Promise<ProblemFacts> {
  try {
    const facts = (await answer.json()) as ProblemFacts
    if (facts.message) return facts
  } catch {
    // No JSON: told below.
  }
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) {
    return { code: 'unavailable', message: t('problem.unavailable'), next: t('problem.unavailable_next') }
  }
  return {
    code: 'failed',
    message: t('problem.status', { status: answer.status }),
    next: t('problem.status_next'),
  }
}
